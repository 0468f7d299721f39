"""A process for each limit; each sends its product home."""

import multiprocessing


def product_of_primes(n):
    product = 1
    for candidate in range(2, n):
        if all(candidate % divisor for divisor in range(2, candidate // 2 + 1)):
            product *= candidate
    return product


def answer(pipe, n):
    pipe.send(product_of_primes(n))


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    running = []
    for n in [12, 300, 200]:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=answer, args=(theirs, n))
        process.start()
        theirs.close()
        running.append((n, process, ours))
    for n, process, pipe in running:
        print(f"below {n}: {pipe.recv().bit_length()} bits")
        process.join()
