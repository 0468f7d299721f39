"""The types of figures, as a user writes it. Not executed: checked by mypy, as a tested feature."""

from typing import Any, assert_type

from concbench import CellAnalysis, Run, TableAnalysis, measure
from concbench.analysis.time_shares import TimeShares

run = measure("download", runners=["sequential", "thread-pool:32"])
assert_type(run["download"], TableAnalysis)
assert_type(run[0], TableAnalysis)
assert_type([table for table in run], list[TableAnalysis])  # noqa: C416 - what iterating gives
cell = run["download"]["thread-pool:32"]
assert_type(cell, CellAnalysis)
assert_type([one for one in run["download"]], list[CellAnalysis])  # noqa: C416 - what iterating gives
assert_type(run["download"].fastest, CellAnalysis | None)
assert_type(run["download"].fastest_group, list[CellAnalysis])
assert_type(run["download"].baseline, CellAnalysis)
assert_type(cell.speedup, float | None)
assert_type(cell.low, float | None)
assert_type(cell.seconds, float | None)
assert_type(cell.verdict, str)
assert_type(cell.memory, int | None)
assert_type(cell.shares, TimeShares | None)
if cell.shares:
    assert_type(cell.shares["waiting"], float)
assert_type(run.rows(), list[dict[str, Any]])
assert_type(run.rows("samples"), list[dict[str, Any]])


def wrong(run: Run) -> None:
    run.rows("smaples")  # type: ignore[arg-type]
    cell.speedup = 2.0  # type: ignore[misc]
