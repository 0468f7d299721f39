"""The mistake: threads in batches. Each batch is as slow as its slowest task, and three of four threads are idle."""

import time

from concbench import measure

SECONDS = [0.05, 0.01, 0.01, 0.01] * 4


def task(seconds):
    time.sleep(seconds)
    return seconds


if __name__ == "__main__":
    runners = ["sequential", "batched-threads:4", "thread-pool:4"]
    run = measure("batch_barrier:task", items=SECONDS, runners=runners, rounds=1)
    print(run.why())
