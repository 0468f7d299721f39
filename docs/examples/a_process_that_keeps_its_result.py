"""A process runs its target and drops what it returns."""

import math
import multiprocessing

if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=math.factorial, args=(5,))
    process.start()
    process.join()
    print(f"exit code {process.exitcode}; 120 is nowhere to be found")
