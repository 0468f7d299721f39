"""A pool of processes: everything that only the first process should do is inside the guard."""

import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        for result in pool.map(math.factorial, [3, 4]):
            print(result)
