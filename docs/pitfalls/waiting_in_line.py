"""The mistake: work that waits and is run sequentially. Nothing is in progress while each of them waits."""

import time

from concbench import measure


def task(name):
    time.sleep(0.01)  # the network
    return name.upper()


if __name__ == "__main__":
    names = [f"file-{number}" for number in range(24)]
    run = measure("waiting_in_line:task", items=names, runners=["sequential", "thread-pool:8"], rounds=1)
    print(run.why())
