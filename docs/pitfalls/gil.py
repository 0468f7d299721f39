"""The mistake: threads for work that computes in pure Python. They take turns at one GIL."""

from concbench import measure


def task(number):
    return sum(n * n for n in range(300_000)) + number


if __name__ == "__main__":
    run = measure("gil:task", items=range(24), runners=["sequential", "thread-pool:4"], rounds=1)
    print(run.why())
