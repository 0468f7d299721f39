"""Multiply up the primes below each of several limits, written by hand for several ways of concurrency.

This is a yardstick for a benchmark: it shows what a plain hand-written program needs for a job that keeps the
processor busy. It uses nothing but the standard library.

    python -c "import primes; primes.main()" WAY LIMITS [--workers N] [--start-method M]

It prints "ready" once everything is imported, then runs the whole job once for every line that it reads from standard
input, and answers each with one line of JSON: the seconds taken (start + work + stop), and if the line says "check", a
check over the results. Garbage is collected before every run. As a module, not as a script, it is compiled once, not in
every worker that is not forked.
"""

from __future__ import annotations

import sys
from time import perf_counter

# Worker processes import this too (forkserver, spawn), so it imports only what the chosen way needs.
WAY = sys.argv[1] if len(sys.argv) > 1 else ""
if WAY in ("threads", "batched-threads"):
    import threading
elif WAY == "processes":
    import multiprocessing
    from multiprocessing.connection import Connection
elif WAY == "thread-pool":
    from concurrent.futures import ThreadPoolExecutor
elif WAY == "process-pool":
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

# The seconds that starting, working and stopping took.
Times = tuple[float, float, float]


def product_of_primes(limit: int) -> int:
    """Return the product of all primes below the limit, found by trial division."""
    primes = []
    for i in range(2, limit):
        for j in range(2, i // 2 + 1):
            if i % j == 0:
                break
        else:
            primes.append(i)
    product = 1
    for prime in primes:
        product *= prime
    return product


def store_product(products: list[int | None], index: int, limit: int) -> None:
    """Compute one product in a thread and put it into its place in the list."""
    products[index] = product_of_primes(limit)


def send_product(connection: Connection, limit: int) -> None:
    """Compute one product in a process and send it back."""
    connection.send(product_of_primes(limit))
    connection.close()


def without_gaps(products: list[int | None]) -> list[int]:
    """Return the products of the threads, or raise if one of them failed."""
    present = [product for product in products if product is not None]
    if len(present) < len(products):
        raise RuntimeError("a thread failed")
    return present


def run_sequential(limits: list[int], workers: int) -> tuple[list[int], Times]:
    """Compute one product after the other."""
    begin = perf_counter()
    products = [product_of_primes(limit) for limit in limits]
    worked = perf_counter()
    return products, (0.0, worked - begin, 0.0)


def run_threads(limits: list[int], workers: int) -> tuple[list[int], Times]:
    """Compute every product in a thread of its own."""
    begin = perf_counter()
    products: list[int | None] = [None] * len(limits)
    threads = []
    for index, limit in enumerate(limits):
        thread = threading.Thread(target=store_product, args=(products, index, limit))
        thread.start()
        threads.append(thread)
    started = perf_counter()
    for thread in threads:
        thread.join()
    worked = perf_counter()
    return without_gaps(products), (started - begin, worked - started, 0.0)


def run_batched_threads(limits: list[int], workers: int) -> tuple[list[int], Times]:
    """Compute every product in a thread of its own, one batch of threads after the other."""
    begin = perf_counter()
    products: list[int | None] = [None] * len(limits)
    for first in range(0, len(limits), workers):
        threads = []
        for index, limit in enumerate(limits[first : first + workers], start=first):
            thread = threading.Thread(target=store_product, args=(products, index, limit))
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
    worked = perf_counter()
    return without_gaps(products), (0.0, worked - begin, 0.0)


def run_processes(limits: list[int], workers: int) -> tuple[list[int], Times]:
    """Compute every product in a process of its own."""
    begin = perf_counter()
    processes = []
    receivers = []
    for limit in limits:
        receiver, sender = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=send_product, args=(sender, limit))
        process.start()
        sender.close()
        processes.append(process)
        receivers.append(receiver)
    started = perf_counter()
    products: list[int] = []
    for receiver in receivers:
        products.append(receiver.recv())
        receiver.close()
    worked = perf_counter()
    for process in processes:
        process.join()
    stopped = perf_counter()
    return products, (started - begin, worked - started, stopped - worked)


def run_thread_pool(limits: list[int], workers: int) -> tuple[list[int], Times]:
    """Compute the products in a pool of threads."""
    begin = perf_counter()
    with ThreadPoolExecutor(workers) as executor:
        started = perf_counter()
        products = list(executor.map(product_of_primes, limits))
        worked = perf_counter()
    stopped = perf_counter()
    return products, (started - begin, worked - started, stopped - worked)


def run_process_pool(limits: list[int], workers: int) -> tuple[list[int], Times]:
    """Compute the products in a pool of processes."""
    begin = perf_counter()
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context()) as executor:
        started = perf_counter()
        products = list(executor.map(product_of_primes, limits))
        worked = perf_counter()
    stopped = perf_counter()
    return products, (started - begin, worked - started, stopped - worked)


WAYS = {
    "sequential": run_sequential,
    "threads": run_threads,
    "batched-threads": run_batched_threads,
    "processes": run_processes,
    "thread-pool": run_thread_pool,
    "process-pool": run_process_pool,
}


def choose_start_method(wanted: str | None) -> None:
    """Let multiprocessing start processes the wanted way, or else by forkserver where there is one."""
    if wanted is None:
        wanted = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    multiprocessing.set_start_method(wanted)


def check_of(products: list[int]) -> str:
    """Return a checksum over all products."""
    import hashlib

    return hashlib.sha256(",".join(f"{product:x}" for product in products).encode()).hexdigest()


def report(times: Times, check: str | None) -> None:
    """Print one line of JSON for one run."""
    import json

    start, work, stop = times
    answer = {"seconds": start + work + stop, "start": start, "work": work, "stop": stop, "check": check}
    print(json.dumps(answer), flush=True)


def main() -> None:
    """Run the job once for every line of standard input."""
    import argparse
    import gc

    parser = argparse.ArgumentParser(description="Multiply up the primes below each of several limits.")
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("limits", help="whole numbers, separated by commas")
    parser.add_argument("--workers", type=int, default=10)
    parser.add_argument("--start-method", choices=["fork", "forkserver", "spawn"])
    arguments = parser.parse_args()
    limits = [int(limit) for limit in arguments.limits.split(",")]
    run = WAYS[arguments.way]
    if arguments.way in ("processes", "process-pool"):
        choose_start_method(arguments.start_method)

    print("ready", flush=True)
    for line in sys.stdin:
        gc.collect()
        products, times = run(limits, arguments.workers)
        report(times, check_of(products) if line.strip() == "check" else None)


if __name__ == "__main__":
    main()
