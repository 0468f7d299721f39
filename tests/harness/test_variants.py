"""Two cells of one runner, told apart by their variant: measured, judged, resumed and stored as two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from concbench import load
from concbench.analysis.table_analysis import analyse
from concbench.campaign import measure_plans
from concbench.harness.events import Step
from concbench.harness.plan import Plan, plan
from concbench.harness.runner_specs import parse
from concbench.options import chosen
from concbench.results.records import CellId
from concbench.run import Run
from concbench.testing import SimulatedHosts
from concbench.variants import Variant
from concbench.workloads.primes import Primes

OLD, NEW = CellId("threads", "3.13"), CellId("threads", "3.14")
ROUNDS = 4
EXECUTIONS = 3 * (1 + ROUNDS + 1)


def planned() -> Plan:
    """Sequential, and threads under two interpreters."""
    one = plan(Primes(limits=[10, 20, 30]), ["sequential", "threads"], chosen(rounds=ROUNDS, seed=3))
    sequential, threads = one.cells
    return replace(one, cells=(sequential, *(replace(threads, variant=Variant(cell.variant)) for cell in (OLD, NEW))))


def seconds(label: str, number: int) -> float:
    return {"sequential": 1.0, str(OLD): 0.5, str(NEW): 2.0}[label] + number / 1_000


def played(interrupted_at: int = -1, failing: str = "", earlier: Run | None = None) -> tuple[Run, SimulatedHosts]:
    def play(label: str, number: int) -> float | Exception:
        if len(hosts.order) == interrupted_at:
            raise KeyboardInterrupt
        return OSError("no such interpreter") if label == failing else seconds(label, number)

    hosts = SimulatedHosts(play)
    return measure_plans([planned()], hosts, earlier=earlier.record if earlier else None), hosts


def test_each_is_measured_and_judged_by_its_own_samples() -> None:
    run, hosts = played()
    cells = {cell.record.id: cell for cell in analyse(run.tables[0])}
    assert set(cells) == {CellId("sequential"), OLD, NEW}
    assert [cells[one].verdict for one in (OLD, NEW)] == ["faster", "slower"]
    assert [len(cells[one].record.samples) for one in (OLD, NEW)] == [ROUNDS, ROUNDS]
    assert len(hosts.order) == EXECUTIONS


def test_steps_name_which_of_them_is_next() -> None:
    told: list[str] = []

    def listen(event: object) -> None:
        if isinstance(event, Step):
            told.append(event.cell)

    measure_plans([planned()], SimulatedHosts(seconds), listen)
    assert set(told) == {"sequential", str(OLD), str(NEW)}


def test_the_one_that_fails_ends_alone() -> None:
    run, _ = played(failing=str(NEW))
    (table,) = run.tables
    assert table.cell(NEW).outcome.reason == "no such interpreter"
    assert len(table.cell(OLD).samples) == ROUNDS


def test_they_are_stored_and_resumed_as_two(tmp_path: Path) -> None:
    """From wherever it stopped, with the samples of each."""
    whole, _ = played()
    for moment in (8, 13, EXECUTIONS - 1):
        stopped, _ = played(moment)
        stopped.save(tmp_path / "run.json")
        before = load(tmp_path / "run.json")
        run, hosts = played(earlier=before)
        for one in (OLD, NEW):
            kept = before.tables[0].cell(one).samples[: before.tables[0].rounds]
            resumed, uninterrupted = (each.tables[0].cell(one).samples for each in (run, whole))
            assert resumed[: len(kept)] == kept
            assert [sample.round for sample in resumed] == [sample.round for sample in uninterrupted]
        assert len(hosts.order) < EXECUTIONS


def test_the_baseline_may_be_one_of_them() -> None:
    """Of one label, that of the variant that was chosen."""
    one = planned()
    run = measure_plans([replace(one, baseline=NEW)], SimulatedHosts(seconds))
    assert run.tables[0].baseline == NEW
    cells = {cell.record.id: cell for cell in analyse(run.tables[0])}
    assert cells[OLD].verdict == cells[CellId("sequential")].verdict == "faster"
    assert parse(NEW.label).id != NEW
