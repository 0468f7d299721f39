"""The mistake: a pool that a program keeps for hours is timed together with its start."""


def task(number):
    return sum(n * n for n in range(30_000)) + number


if __name__ == "__main__":
    from concbench import measure

    runners = ["sequential", "process-pool:2"]
    for warm in (False, True):
        run = measure("cold_pool:task", items=range(24), runners=runners, rounds=2, warm=warm)
        one, pool = (min(sample.seconds for sample in cell.samples) for cell in run.tables[0].cells)
        print(f"{'warm' if warm else 'cold'}: sequential {one * 1e3:.0f} ms, the pool {pool * 1e3:.0f} ms")
        print(run.why(), "\n")
