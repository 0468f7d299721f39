"""Broken: the loop over the results is outside of the guard, so every worker runs it too."""

import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        results = pool.map(math.factorial, [3, 4])

for result in results:
    print(result)
