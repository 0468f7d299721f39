"""The mistake: processes for work that has native threads already: so many processes times so many threads.

Run it as it is, and then with one native thread in each process: OPENBLAS_NUM_THREADS=1 python blas_times_processes.py
"""

import os

import numpy as np

NATIVE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def task(number):
    matrix = np.full((400, 400), float(number))
    return float((matrix @ matrix)[0, 0])


if __name__ == "__main__":
    from concbench import measure

    # A library reads these when it is loaded, and processes inherit them: to set them after the import is too late.
    limits = [f"{name}={os.environ[name]}" for name in NATIVE if name in os.environ]
    print("Native threads:", ", ".join(limits) or "as many as the library likes")
    runners = ["sequential", "process-pool"]
    print(measure("blas_times_processes:task", items=range(24), runners=runners, rounds=2, warm=True))
