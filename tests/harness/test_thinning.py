"""Very many tasks: a part is kept, together with a summary of all."""

import json
from dataclasses import replace

import pytest

from concbench import measure
from concbench.analysis.time_shares import timeline_of
from concbench.harness.thinning import LONGEST, MOST_TASKS, SAMPLED, thinned
from concbench.results.files import from_json, to_json
from concbench.results.records import Cell, ObservedPass, Tasks
from concbench.testing import SimulatedHosts
from concbench.traits import ELSEWHERE, Traits


def cell(tasks: int) -> Cell:
    """One worker, with a task every second; every 1,000th takes half of it, the others a tenth."""
    ends = [place + (0.5 if place % 1000 == 0 else 0.1) for place in range(tasks)]
    seen = Tasks([float(place) for place in range(tasks)], ends, [0.05] * tasks, [0] * tasks)
    return Cell("sequential", "sequential", {}, 1, observed=ObservedPass(0.0, float(tasks), 0.0, None, [0.0], seen))


def test_few_tasks_are_all_kept() -> None:
    few = cell(MOST_TASKS)
    assert thinned(few, 1, warm=False) is few


def test_of_many_the_longest_and_a_sample_are_kept_and_the_sums_of_all() -> None:
    """Figures computed from them equal those computed from all tasks."""
    many = cell(30_000)
    fewer = thinned(many, 1, warm=False)
    assert fewer.observed is not None
    assert many.observed is not None
    tasks = fewer.observed.tasks
    assert tasks is not None
    assert tasks.index is not None
    assert SAMPLED <= len(tasks.index) <= SAMPLED + LONGEST
    assert {place for place in range(30_000) if place % 1000 == 0} <= set(tasks.index)
    assert tasks.index == sorted(tasks.index)
    assert all(tasks.started[row] == index for row, index in enumerate(tasks.index))
    assert timeline_of(fewer, warm=False) == timeline_of(many, warm=False)
    assert thinned(many, 1, warm=False) == fewer
    seen = many.observed.tasks
    assert seen is not None
    some_failed = replace(many, observed=replace(many.observed, tasks=replace(seen, failed=[7, 29_999])))
    kept = thinned(some_failed, 1, warm=False).observed
    assert kept is not None
    assert kept.tasks is not None
    assert kept.tasks.failed == [7, 29_999]


def test_of_tasks_elsewhere_there_is_no_summary() -> None:
    """Their clocks are not ours, so sums are meaningless."""
    kept = thinned(replace(cell(30_000), traits=Traits(where=ELSEWHERE)), 1, warm=False).observed
    assert kept is not None
    assert kept.tasks is not None
    assert len(kept.tasks.started) < MOST_TASKS
    assert kept.summary is None


def nothing(item: int) -> None:
    del item


def test_a_run_with_many_tasks_is_saved_small() -> None:
    """For a hundred thousand tasks the file stays under 2 MB, and it can be read back."""
    run = measure(nothing, items=range(100_000), runners=["sequential"], rounds=1, compare=False)
    text = to_json(run.record)
    assert len(text) < 2_000_000
    observed = from_json(text).tables[0].cells[0].observed
    assert observed is not None
    assert observed.summary is not None
    assert observed.summary.tasks == 100_000


@pytest.mark.parametrize("damage", [{"service": []}, {"workers": 0}, {"tasks": 0}, {"busy": "much"}])
def test_a_damaged_summary_is_refused(damage: dict[str, object]) -> None:
    """It is refused before any figure is computed from it."""
    from concbench.errors import BadResults

    hosts = SimulatedHosts(lambda label, number: 1.0)
    run = measure(nothing, items=range(3), runners=["sequential"], rounds=1, compare=False, hosts=hosts)
    table = run.tables[0]
    made = thinned(cell(MOST_TASKS + 1), 1, warm=False)
    data = json.loads(to_json(replace(run.record, tables=[replace(table, cells=[made])])))
    assert from_json(json.dumps(data)), "it is refused for something else"
    data["tables"][0]["cells"][0]["observed"]["summary"].update(damage)
    with pytest.raises(BadResults, match="damaged"):
        from_json(json.dumps(data))
