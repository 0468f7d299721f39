"""Figures from a run: found by name, typed, and computed once for everything that is printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import concbench
from concbench import CellAnalysis, Primes, Run, TableAnalysis, advise, measure
from concbench.analysis import comparability
from concbench.cli.main import main
from concbench.errors import UsageError
from concbench.results.records import Cell
from concbench.testing import SimulatedHosts
from concbench.workloads.synthetic import Sleep

SECONDS = {"sequential": [1.0, 1.01, 0.99], "thread-pool:2": [0.5, 0.505, 0.5], "threads": [2.0]}


def run(*workloads: Any) -> Run:
    return measure(*(workloads or (Primes(limits=[10]),)), runners=list(SECONDS), hosts=SimulatedHosts(SECONDS), seed=1)


def test_a_figure_is_found_by_the_names_of_the_workload_and_the_runner() -> None:
    found = run(Primes(limits=[10]), Sleep(tasks=2))
    assert [table.workload for table in found] == ["primes", "sleep"]
    assert "primes" in found
    assert "download" not in found
    table = found["primes"]
    assert isinstance(table, TableAnalysis)
    assert table is found[0]
    pool = table["thread-pool:2"]
    assert isinstance(pool, CellAnalysis)
    assert pool.speedup == pytest.approx(2.0, rel=0.02)
    assert pool.verdict == "faster"
    assert table.fastest is pool
    assert table.baseline.label == "sequential"
    assert table["threads"].high is not None
    assert table["threads"].high < 0.6
    assert pool.workers == 1  # of one task
    assert pool.settings == {"workers": 2}
    assert pool.outcome.kind == "ok"


def test_an_unknown_name_is_a_key_error_with_the_nearest() -> None:
    found = run()
    with pytest.raises(KeyError, match="did you mean 'primes'"):
        found["prime"]
    with pytest.raises(KeyError, match="did you mean 'thread-pool:2'"):
        found["primes"]["thread-pool:3"]
    with pytest.raises(IndexError):
        found[1]
    with pytest.raises(UsageError, match="of must be 'cells' or 'samples', not 'smaples'"):
        found.rows("smaples")  # type: ignore[arg-type]


def test_a_name_of_two_tables_is_told_apart_by_place() -> None:
    found = run(Primes(limits=[10]), Primes(limits=[20]))
    with pytest.raises(KeyError, match=r"this run has 2 tables of 'primes': use run\[0\] or run\[1\]"):
        found["primes"]
    assert found[1].record is found.tables[1]


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The baselines of the tables that were analysed, in order; every analysis begins by comparing."""
    found: list[str] = []

    def comparable_cells(cells: list[Cell], tasks: int) -> list[Cell]:
        found.append(cells[0].label)
        return comparability.comparable_cells(cells, tasks)

    monkeypatch.setattr("concbench.analysis.table_analysis.comparable_cells", comparable_cells)
    return found


def test_each_table_is_analysed_once_for_everything_that_is_asked_of_a_run(analysed: list[str]) -> None:
    found = run(Primes(limits=[10]), Sleep(tasks=2))
    assert not analysed
    for text in (str(found), found.why(), str(found)):
        assert text
    assert found.rows()
    assert found.rows("samples")
    assert found["primes"].fastest
    assert len(analysed) == len(found.tables) == 2


def test_advice_and_its_run_share_one_analysis(analysed: list[str]) -> None:
    advice = advise(Sleep(tasks=24), hosts=SimulatedHosts(lambda *_: 0.01), seed=1)
    assert "Advice: " in str(advice)
    assert advice.run["sleep"].baseline.label == "sequential"
    assert analysed == ["sequential"]


def test_a_command_analyses_each_table_once(
    analysed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The time shares and the trace are included."""
    file = tmp_path / "run.json"
    assert main(["run", "sleep", "-r", "sequential", "-r", "threads", "--rounds", "1", "--why", "-o", str(file)]) == 0
    assert analysed == ["sequential"]
    assert main(["show", str(file), "--why", "--trace", str(tmp_path / "trace.json")]) == 0
    assert analysed == ["sequential"] * 2
    assert "Answer for sleep" in capsys.readouterr().out


def test_the_types_of_figures_are_public() -> None:
    assert {"CellAnalysis", "TableAnalysis"} <= set(concbench.__all__)
