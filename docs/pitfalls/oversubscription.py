"""The mistake: four processes for each core, all of them computing. They take turns on the cores."""


def task(number):
    return sum(n * n for n in range(300_000)) + number


if __name__ == "__main__":
    from concbench import ProcessPool, measure

    cores = ProcessPool().workers  # by default one for each usable core
    crowd = ProcessPool(workers=4 * cores)
    items = range(8 * cores)
    run = measure("oversubscription:task", items=items, runners=["sequential", crowd], rounds=1, warm=True)
    print(run.why())
