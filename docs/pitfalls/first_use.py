"""The mistake: what is loaded at first use is left out of the time under one runner, and in it under another."""

import time

MODEL = []


def predict(number):
    if not MODEL:
        time.sleep(0.3)  # loading a model
        MODEL.append(3)
    time.sleep(0.01)
    return number * MODEL[0]


if __name__ == "__main__":
    from concbench import measure

    for fresh in (None, False):
        run = measure(
            "first_use:predict", items=range(8), runners=["sequential", "process-pool:2"], rounds=1, fresh=fresh
        )
        (table,) = run.tables
        one, pool = (min(sample.seconds for sample in cell.samples) for cell in table.cells)
        kind = "a new process for each execution" if table.fresh else "a process for each runner"
        print(f"{kind}: sequential {one:.2f} s, the pool {pool:.2f} s")
