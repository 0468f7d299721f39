"""The mistake: threads are started and nobody waits for them. The clock stops before the work is done."""

import threading
import time

from concbench import measure


class StartOnly:
    """Starts a thread for each task and returns at once."""

    workers = None  # one for each task

    def __enter__(self):
        return self

    def run(self, function, items):
        results = [None] * len(items)

        def call(place):
            results[place] = function(items[place])

        for place in range(len(items)):
            threading.Thread(target=call, args=(place,)).start()
        return list(results)  # join() is missing

    def __exit__(self, *exc):
        pass


def task(number):
    time.sleep(0.02)
    return number**2


if __name__ == "__main__":
    run = measure(task, items=range(1, 9), runners=["sequential", StartOnly()], rounds=1)
    print(run)
