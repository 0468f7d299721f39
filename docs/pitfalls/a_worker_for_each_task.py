"""The mistake: a thread started for each of many short tasks. Starting it takes longer than the task."""

from concbench import measure


def task(number):
    return sum(n * n for n in range(500)) + number


if __name__ == "__main__":
    runners = ["sequential", "threads", "thread-pool:4"]
    run = measure("a_worker_for_each_task:task", items=range(1_000), runners=runners, rounds=1)
    print(run.why())
