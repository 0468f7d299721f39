"""A function and its items, measured."""

from app import fetch, names

from concbench import measure

run = measure(fetch, items=names(), runners=["sequential", "thread-pool:8"], rounds=3)
for cell in run.tables[0].cells:
    print(cell.label, cell.outcome.kind)
