"""Cells whose results differ, in the order in which that is found out; played without a clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from concbench import measure
from concbench.harness.hosts.base import CellEnded
from concbench.results.passes import Finding
from concbench.results.records import Outcome, Table
from concbench.testing import SimulatedHosts

RUNNERS = ["sequential", "threads", "thread-pool:2"]


class Differing(SimulatedHosts):
    """Results of some cells differ once each, and sequential passes give the listed findings in order."""

    def __init__(self, in_check: list[str], when_observed: list[str], passes: list[Finding]) -> None:
        super().__init__(lambda label, number: 1.0)
        self._differ = {"check": in_check, "compare": when_observed}
        self._passes = passes

    @contextmanager
    def host(self, workload: Any, cell: Any, directory: Path, options: Any) -> Iterator[Any]:
        with super().host(workload, cell, directory, options) as host:
            yield self._played(host, str(cell.id))

    @contextmanager
    def check_host(self, workload: Any, cell: Any, directory: Path, options: Any) -> Iterator[Any]:
        with super().check_host(workload, cell, directory, options) as host:
            yield self._played(host, str(cell.id))

    def _played(self, host: Any, label: str) -> Any:
        def differs(name: str) -> Any:
            act = getattr(host, name)

            def tried(*arguments: Any) -> Any:
                if label in self._differ[name]:
                    self._differ[name].remove(label)
                    raise CellEnded(Outcome("failed", "1 result differs", cause="results"))
                return act(*arguments)

            return tried

        host.check, host.compare = differs("check"), differs("compare")
        host.sequential_passes = lambda most: self._passes.pop(0)
        return host


def played(in_check: list[str], when_observed: list[str], passes: list[Finding]) -> Table:
    hosts = Differing(in_check, when_observed, passes)
    return measure(abs, items=range(3), runners=RUNNERS, hosts=hosts, rounds=3).tables[0]


def ended(table: Table) -> dict[str, tuple[str, int]]:
    return {cell.label: (cell.outcome.kind, len(cell.samples)) for cell in table.cells}


WELL = dict.fromkeys(RUNNERS, ("ok", 3))


@pytest.mark.parametrize("finding", ["process", "unsteady"])
def test_who_was_blamed_in_a_check_takes_part_if_a_later_check_clears_everybody(finding: Finding) -> None:
    table = played(["threads", "thread-pool:2"], [], ["same", finding])
    assert table.checked == finding
    assert ended(table) == WELL


def test_who_was_blamed_in_a_check_is_not_blamed_and_not_measured_if_that_is_found_out_too_late() -> None:
    """It has no samples, and does not count as a cell that goes on."""
    table = played(["threads"], ["thread-pool:2"], ["same", "unsteady"])
    assert table.checked == "unsteady"
    assert ended(table) == {**WELL, "threads": ("inapplicable", 0)}
    assert table.cell("threads").outcome.reason.startswith("not measured: its results differed, and sequential")


def test_who_is_right_sequentially_stays_blamed() -> None:
    table = played(["threads"], ["thread-pool:2"], ["same", "same"])
    assert table.checked == "sequential"
    assert ended(table) == {**WELL, "threads": ("failed", 0), "thread-pool:2": ("failed", 3)}
    assert table.cell("threads").outcome.reason == "not thread-safe: 1 result differs"
