"""The mistake: a long list is sent to another process for little work. Sending it takes longer than the work."""

ROWS = [list(range(first, first + 100_000)) for first in range(8)]


def task(row):
    return max(row)


if __name__ == "__main__":
    from concbench import measure

    run = measure("pickling:task", items=ROWS, runners=["sequential", "process-pool:2"], rounds=1, warm=True)
    print(run.why())
