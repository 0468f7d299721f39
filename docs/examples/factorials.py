"""Processes need the guard: every worker imports this file."""

import math

from concbench import ProcessPool

if __name__ == "__main__":
    with ProcessPool(workers=2, chunksize=5) as runner:
        print(sum(runner.run(math.factorial, range(20))))
