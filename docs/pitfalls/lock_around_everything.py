"""The mistake: a lock that is held for the whole task, where only one line of it needs protection."""

import threading
import time

from concbench import measure

lock = threading.Lock()
totals = {"all": 0}


def task(number):
    with lock:
        time.sleep(0.01)  # the network
        totals["all"] += number  # only this needs the lock
    return number


if __name__ == "__main__":
    run = measure("lock_around_everything:task", items=range(20), runners=["sequential", "thread-pool:4"], rounds=1)
    print(run.why())
