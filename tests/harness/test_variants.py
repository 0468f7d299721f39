"""Two cells of one runner, told apart by their variant: measured, judged, resumed and stored as two."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from concbench import advise, load, measure
from concbench.analysis.pairs import comparisons
from concbench.analysis.table_analysis import analyse
from concbench.campaign import measure_plans
from concbench.gate.judging import judge
from concbench.harness.events import Step
from concbench.harness.hosts.base import CellEnded, Host
from concbench.harness.planning.plan import Plan, plan
from concbench.harness.planning.runner_specs import PlannedCell, parse
from concbench.options import MeasureOptions, make_options
from concbench.requirements import FAILED, Requirement
from concbench.results.records import CellId, Outcome
from concbench.run import Run
from concbench.testing import SimulatedHosts
from concbench.variants import Variant
from concbench.workloads.base import Workload
from concbench.workloads.primes import Primes

OLD, NEW = CellId("threads", "3.13"), CellId("threads", "3.14")
ROUNDS = 4


def nothing(item: int) -> None:
    del item


EXECUTIONS = 3 * (2 * ROUNDS + 1)
"""Executions of three cells: two in each round, the first of which is not a sample, and the observed pass."""


def planned() -> Plan:
    """Sequential, and threads under two interpreters."""
    one = plan(Primes(limits=[10, 20, 30]), ["sequential", "threads"], make_options(rounds=ROUNDS, seed=3))
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
    return measure_plans([planned()], hosts, previous=earlier.record if earlier else None), hosts


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
    """It resumes from any point, with the samples of each."""
    whole, _ = played()
    for moment in (11, 19, EXECUTIONS - 1):
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
    """It is the cell of the chosen variant, among those of one label."""
    one = planned()
    run = measure_plans([replace(one, baseline=NEW)], SimulatedHosts(seconds))
    assert run.tables[0].baseline == NEW
    cells = {cell.record.id: cell for cell in analyse(run.tables[0])}
    assert cells[OLD].verdict == cells[CellId("sequential")].verdict == "faster"
    assert parse(NEW.label).id != NEW


def in_modes(model: Callable[[str, str], float]) -> SimulatedHosts:
    """A machine on which a variable of the environment decides; the model gets a cell's label and its variant."""
    drawn = random.Random(5)

    def play(label: str, number: int) -> float:
        del number
        runner, _, variant = label.partition(" ")
        return model(runner, variant.strip("()")) * drawn.lognormvariate(0.0, 0.01)

    return SimulatedHosts(play)


def half_in_fast_mode(runner: str, variant: str) -> float:
    """Threads gain in one mode only, in which everything takes longer."""
    slow = 0.012 if variant == "MODE=fast" else 0.010
    return slow / (2 if runner.startswith("thread") and variant == "MODE=fast" else 1)


MODES = {"MODE": ["plain", "fast"]}


def test_every_runner_is_measured_under_every_variant_and_the_rounds_are_shared() -> None:
    """The baseline is that of the first variant, unless one is named."""
    hosts = in_modes(half_in_fast_mode)
    asked: dict[str, Any] = {"runners": ["sequential", "threads"], "hosts": hosts, "env": MODES, "rounds": 5, "seed": 1}
    run = measure(nothing, items=[1, 2], compare=False, **asked)
    (table,) = run.tables
    assert [cell.shown for cell in table.cells] == [
        f"{runner}({mode})" for mode in ("MODE=plain", "MODE=fast") for runner in ("sequential", "threads")
    ]
    assert table.baseline == CellId("sequential", "MODE=plain")
    assert table.variants == {f"MODE={mode}": {"environment": {"MODE": mode}} for mode in MODES["MODE"]}
    last = [label for label, _ in hosts.order][-3 * len(table.cells) : -len(table.cells)]
    assert sorted(last) == sorted(2 * [str(cell.id) for cell in table.cells])
    other = measure(nothing, items=[1, 2], compare=False, **asked, baseline="sequential@MODE=fast")
    assert other.tables[0].baseline == CellId("sequential", "MODE=fast")


def test_every_sample_is_the_second_execution_of_a_new_process() -> None:
    """Chance gives each process its own speed, which is drawn anew for every round; first use is not included."""
    hosts = in_modes(half_in_fast_mode)
    measure(nothing, items=[1, 2], compare=False, hosts=hosts, env=MODES, rounds=5, observe=False)
    assert {number for _, number in hosts.order} == {0, 1}
    assert [number for _, number in hosts.order].count(0) == len(hosts.order) / 2


def test_a_process_that_cannot_be_relaunched_ends_its_cell_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not called flaky, and nobody tries to execute anything in it."""
    hosts, launches = in_modes(half_in_fast_mode), 0
    host = hosts.host

    @contextmanager
    def failing(workload: Workload, cell: PlannedCell, directory: Path, options: MeasureOptions) -> Iterator[Host]:
        nonlocal launches
        with host(workload, cell, directory, options) as one:
            is_fast = cell.label == "threads" and cell.variant.label == "MODE=fast"
            launches += is_fast
            if is_fast and launches == 3:
                monkeypatch.setattr(one, "prepare", ended)
                monkeypatch.setattr(one, "sample", None)
            yield one

    def ended() -> None:
        raise CellEnded(Outcome("failed", "too many open files"))

    monkeypatch.setattr(hosts, "host", failing)
    asked: dict[str, Any] = {"runners": ["sequential", "threads"], "env": MODES, "rounds": 5, "seed": 1}
    table = measure(nothing, items=[1, 2], compare=False, hosts=hosts, **asked).tables[0]
    assert table.cell(CellId("threads", "MODE=fast")).outcome.reason == "too many open files"
    assert len(table.cell(CellId("threads", "MODE=fast")).samples) == 2
    assert [cell.outcome.kind for cell in table.cells].count("ok") == 3


@pytest.mark.parametrize(
    "kept", [{"rounds": 1}, {"fresh": True, "rounds": 5}, {"env": {"MODE": ["plain"]}, "rounds": 5}], ids=str
)
def test_processes_are_not_relaunched_for_nothing(kept: dict[str, Any]) -> None:
    """There is one round, or every process is new in any case, or no variants are compared."""
    hosts = in_modes(half_in_fast_mode)
    run = measure(nothing, items=[1, 2], compare=False, hosts=hosts, runners=["sequential"], **{"env": MODES, **kept})
    warm_ups = 0 if kept["rounds"] == 1 else len(run.tables[0].cells)
    observed = len(run.tables[0].cells)
    assert len(hosts.order) == len(run.tables[0].cells) * kept["rounds"] + warm_ups + observed


def test_what_chance_gives_a_process_is_no_difference_between_variants() -> None:
    """One in 20 processes is a quarter slower for its whole life; there are 100 comparisons of equal variants."""
    drawn, slow, claims = random.Random(7), dict[str, float](), 0

    def play(label: str, number: int) -> float:
        if number == 0:
            slow[label] = 1.25 if drawn.random() < 0.05 else 1.0
        return 0.010 * slow[label] * drawn.lognormvariate(0.0, 0.01)

    for seed in range(50):
        hosts = SimulatedHosts(play)
        run = measure(
            nothing, items=[1, 2], compare=False, hosts=hosts, runners=["sequential", "threads"], env=MODES, seed=seed
        )
        claims += sum(change.verdict in {"faster", "slower"} for change in run[0].changes)
    assert claims <= 1


def test_each_variant_is_also_judged_for_itself_and_what_the_change_gains_is_said() -> None:
    run = measure(
        nothing, items=[1, 2], compare=False, runners=["sequential", "threads"], hosts=in_modes(half_in_fast_mode),
        env=MODES, rounds=12, seed=1,
    )  # fmt: skip
    table = run[0]
    fast = table.under["MODE=fast"]
    assert fast["threads (MODE=fast)"].speedup == pytest.approx(2, rel=0.05)
    assert table["threads (MODE=fast)"].speedup == pytest.approx(10 / 6, rel=0.05)
    changes = {change.cell.name: change for change in table.changes}
    assert changes["threads(MODE=fast)"].interval.centre == pytest.approx(10 / 6, rel=0.05)
    assert changes["sequential(MODE=fast)"].verdict == "slower"
    said = str(run)
    assert "Compared with sequential under the same" in " ".join(said.split())
    assert "threads(MODE=fast)" in said


def test_the_level_counts_every_ratio_that_may_be_printed() -> None:
    """Each cell and the baseline count; under another variant also the baseline's runner there, and its twin."""
    names = ["sequential", "threads", "processes"]
    cells = [CellId(name, variant) for variant in ("a", "b", "c") for name in names]
    ratios = {frozenset((cells[0], cell)) for cell in cells[1:]}
    for cell in cells[3:]:
        for other in (CellId("sequential", cell.variant), CellId(cell.label, "a")):
            if other != cell:
                ratios.add(frozenset((cell, other)))
    assert comparisons(cells, cells[0]) == len(ratios)
    assert comparisons(cells[:3], cells[0]) == 2
    assert comparisons(cells[1:3], cells[0]) == 2


def test_a_race_is_across_variants_and_the_best_of_all_is_advised() -> None:
    advice = advise(nothing, items=range(40), hosts=in_modes(half_in_fast_mode), env=MODES, seed=2, compare=False)
    best = advice.recommendation
    assert best is not None
    assert best.variant == "MODE=fast"
    assert best.runner.startswith("thread-pool")
    assert "MODE=fast" in best.headline
    assert best.snippet.startswith("# Run it with: MODE=fast python program.py\n")
    assert "ThreadPoolExecutor" in best.snippet
    (table,) = advice.run.tables
    assert table.baseline == CellId("sequential", "MODE=plain")
    assert {cell.variant for cell in table.cells if cell.samples} == {"MODE=plain", "MODE=fast"}


def test_a_race_advises_to_stay_where_changing_gains_nothing() -> None:
    """Of equally good runners, the one under the first variant is the simplest."""
    hosts = in_modes(lambda runner, _: 0.010 / (2 if runner.startswith("thread") else 1))
    best = advise(nothing, items=range(40), hosts=hosts, env=MODES, seed=4, compare=False).recommendation
    assert best is not None
    assert best.variant == "MODE=plain"


def test_where_the_baseline_fails_the_same_runner_under_the_next_variant_takes_its_place() -> None:
    """Rounds go on until its rivals are decided, as if it had been chosen; requirements refer to the failed one."""

    def model(runner: str, variant: str) -> float:
        if variant == "MODE=plain" and runner == "sequential":
            raise OSError("no such library")
        return half_in_fast_mode(runner, variant)

    hosts = SimulatedHosts(lambda label, number: played_by(model, label, number))
    asked: dict[str, Any] = {"runners": ["sequential", "threads"], "env": MODES, "seed": 1}
    run = measure(nothing, items=[1, 2], compare=False, hosts=hosts, **asked)
    (table,) = run.tables
    assert table.baseline == CellId("sequential", "MODE=plain")
    assert table.stopped == "verdicts"
    analysis = run[0]
    assert analysis.baseline.id == CellId("sequential", "MODE=fast")
    assert analysis[CellId("threads", "MODE=fast")].verdict == "faster"
    assert analysis.chosen_baseline is not None
    assert analysis.chosen_baseline.outcome.reason == "no such library"
    judged = judge(Requirement(str(CellId("threads", "MODE=fast")), "at_least", 1.5), analysis)
    assert judged.decision == FAILED
    assert "no such library" in judged.reason


def played_by(model: Callable[[str, str], float], label: str, number: int) -> float | Exception:
    runner, _, variant = label.partition(" ")
    try:
        return model(runner, variant.strip("()")) * (1 + number % 3 / 100)
    except OSError as error:
        return error
