"""The mistake: tiny tasks, handed to processes one at a time. Handing one out takes far longer than the task."""


def task(number):
    return sum(n * n for n in range(300)) + number


if __name__ == "__main__":
    from concbench import measure

    runners = ["sequential", "process-pool:2", "process-pool:2,chunksize=100"]
    run = measure("tiny_tasks:task", items=range(1_000), runners=runners, rounds=1, warm=True)
    print(run.why())
