"""The mistake: the longest task comes last. Three of four workers are idle while it runs."""

import time

from concbench import measure

SECONDS = [0.005] * 24 + [0.1]


def task(seconds):
    time.sleep(seconds)
    return seconds


if __name__ == "__main__":
    run = measure("one_long_task:task", items=SECONDS, runners=["sequential", "thread-pool:4"], rounds=1)
    print(run.why())
