"""Hostile results files: a sentence that says where, or output in every format.

The outcome of a file, and the formats in which it is shown, are in tests/helpers/damaged_results.py, which makes more.
"""

import copy
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from damaged_results import FORMATS, outcome, places
from hypothesis import given, settings
from hypothesis import strategies as st

from concbench import Run, measure
from concbench.cli.main import main
from concbench.errors import BadResults
from concbench.results.files import from_json, load, to_json
from concbench.results.records import ObservedPass, RunRecord, Tasks, TaskSummary
from concbench.testing import SimulatedHosts
from concbench.workloads.primes import Primes

RUNNERS = ["sequential", "thread-pool:2", "process-pool:2"]
TASKS = Tasks([0.0, 0.1, 0.2, 0.25], [0.1, 0.2, 0.3, 0.4], [0.1, 0.05, 0.1, 0.1], [0, 1, 0, 1])
QUARTERS = [0.1, 0.2, 0.3, 0.4]
SUMMARY = TaskSummary(2, 0.5, 4, 0.4, 0.3, 0.0, 0.1, 0.0, 0.1, 1.5, 2, QUARTERS, QUARTERS, 3, 3, 0.1)
FACTS = {
    "pickling_seconds": 0.1, "item_bytes": 1, "result_bytes": 2.5, "native_threads": 2, "task_bytes": 5,
    "function_bytes": 2e6, "function_seconds": 0.2, "function_holds": "a model",
    "other_algorithm": "a sieve", "other_algorithm_seconds": 0.01,
}  # fmt: skip
NASTY: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([
        None, True, 0, 1, -1, 101, 10**9, 2**63, 10**99, 10**101, 10**400, -1e-9, 5e-324, 1e99, 1e300, "", "[red]x[/]",
        "\x1b[31m", "\ud800", "a\nb", "x" * 2_000, "sequential", [], [[]], {}, {"": None}, {"chunksize": "many"},
    ]),
    st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5),
)  # fmt: skip


def whole() -> dict[str, Any]:
    """A file with everything in it: tasks, a summary, facts that rules read, a load."""
    hosts = SimulatedHosts(lambda label, number: 0.1 + 0.01 * len(label) + 0.001 * (number % 3))
    record = measure(Primes(limits=[10, 20]), runners=RUNNERS, rounds=4, hosts=hosts, seed=1).record
    table = record.tables[0]
    observed = ObservedPass(
        0.0, 0.5, 0.1, 0.6, [0.0, 0.1], TASKS, memory=10**7, memory_track=[[0.0, 1e7]], page_faults=5
    )
    cells = [
        replace(cell, observed=observed, interpreter={"gil": True, "cores": 2}, settings={"workers": 2, "chunksize": 2})
        for cell in table.cells
    ]
    cells[2] = replace(cells[2], observed=replace(observed, summary=SUMMARY))
    table = replace(table, cells=cells, facts=FACTS, load=[0.1, 0.5], items=["10", "20"])
    content: dict[str, Any] = json.loads(to_json(replace(record, tables=[table])))
    return content


WHOLE = whole()


def printed(record: RunRecord) -> str:
    return Run(record).to("text", why=True)


def shown(record: RunRecord) -> str:
    """The record in every format, joined."""
    return "\n".join(form(record) for form in FORMATS)


@settings(deadline=None, max_examples=120)
@given(st.randoms(use_true_random=False), st.lists(NASTY, min_size=1, max_size=3))
def test_whatever_is_changed_it_is_refused_with_a_sentence_or_shown(draw: random.Random, values: list[Any]) -> None:
    """Nothing that is loaded breaks a format, and nothing in it reaches a terminal as an escape sequence."""
    content = copy.deepcopy(WHOLE)
    for value in values:
        holder, key = draw.choice(list(places(content)))
        holder[key] = copy.deepcopy(value)  # or it could be put into itself
    assert outcome(json.dumps(content)) in {"refused", "shown"}


@settings(deadline=None, max_examples=60)
@given(st.randoms(use_true_random=False))
def test_whatever_is_missing_it_is_refused_with_a_sentence_or_shown(draw: random.Random) -> None:
    """A key, a cell or a sample is missing."""
    content = copy.deepcopy(WHOLE)
    holder, key = draw.choice(list(places(content)))
    del holder[key]
    assert outcome(json.dumps(content)) in {"refused", "shown"}


CELL = ("tables", 0, "cells", 1)


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ((*CELL, "samples", 2, "work"), -1, r"tables\[0\].cells\[1\].samples\[2\]: work must be 0 or more, not -1"),
        ((*CELL, "samples", 2, "work"), 0, r"samples\[2\]: start, work and stop must add up to at least 1e-09 seconds"),
        ((*CELL, "samples", 2, "repeats"), 0, r"samples\[2\]: repeats must be 1 or more, not 0"),
        ((*CELL, "samples", 2, "round"), 1, r"cells\[1\]: two samples have the same round"),
        ((*CELL, "samples", 2, "work"), 10**400, r"samples\[2\].work should be 0, or between"),
        ((*CELL, "samples", 2, "work"), 5e-324, r"samples\[2\].work should be 0, or between"),
        ((*CELL, "workers"), 0, r"cells\[1\]: workers must be 1 or more, not 0"),
        ((*CELL, "label"), "sequential", r"tables\[0\]: two cells have the same label"),
        ((*CELL, "outcome", "kind"), "perhaps", r"outcome.kind should be 'ok', 'inapplicable' or 'failed', but is 'p"),
        ((*CELL, "outcome", "cause"), "bad luck", r"outcome.cause should be '', .* or 'outdone', but is 'bad"),
        ((*CELL, "outcome", "cause"), None, r"outcome.cause should be '', 'results', .* or 'outdone', but is null"),
        ((*CELL, "outcome", "kind"), ["ok"], r"outcome.kind should be 'ok', .*, but is a list"),
        ((*CELL, "observed", "memory_kind"), "\x1b[31m", r"kind should be '', 'pss', 'uss' or 'rss', but is '\\"),
        (("tables", 0, "stopped"), "tired", r"\[0\].stopped should be '', 'verdicts', .* or 'cells', but is 'tired'"),
        (("tables", 0, "checked"), "x" * 10**6, r"checked should be 'known', .* or 'pending', but is 'x{20,60}\.\.\."),
        ((*CELL, "observed", "memory_track", 0), [1.0], r"observed: memory_track must be a list of pairs"),
        ((*CELL, "observed", "work"), -0.5, r"observed: work must be 0 or more"),
        ((*CELL, "observed", "tasks", "finished", 1), 0.05, r"observed.tasks: a task must not finish before it"),
        ((*CELL, "observed", "tasks", "worker", 1), -1, r"observed.tasks: worker must be 0 or more"),
        ((*CELL, "observed", "tasks", "worker"), [0], r"observed.tasks: the lists of tasks differ in length"),
        (("tables", 0, "cells", 2, "observed", "summary", "makespan"), 0, r"summary: makespan must be 1e-09 seconds"),
        (("tables", 0, "cells", 2, "observed", "summary", "longest"), -9, r"summary: longest must be 0 or more"),
        (("tables", 0, "load", 0), -1, r"tables\[0\]: load must be 0 or more"),
        (("environment", "deep"), json.loads("[" * 60 + "]" * 60), r"environment should be nested in no more than 50"),
    ],
)  # fmt: skip
def test_what_cannot_have_been_measured_is_refused_where_it_is(place: tuple[Any, ...], value: Any, says: str) -> None:
    """The sentence names the place."""
    content = copy.deepcopy(WHOLE)
    holder: Any = content
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    with pytest.raises(BadResults, match=f"is damaged: .*{says}"):
        from_json(json.dumps(content))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5_000])
def test_numbers_that_are_none_are_refused_wherever_they_are(number: str) -> None:
    """This includes settings, whose keys are not ours."""
    text = json.dumps({**WHOLE, "environment": {"x": "here"}}).replace('"here"', number)
    with pytest.raises(BadResults, match="not JSON"):
        from_json(text)


def test_a_table_without_its_baseline_says_that_there_is_no_answer() -> None:
    """A run that was interrupted before its cells began is saved like that."""
    record = from_json(json.dumps(WHOLE))
    for cells in ([], record.tables[0].cells[1:]):
        text = printed(replace(record, tables=[replace(record.tables[0], cells=cells)]))
        assert "No answer: sequential has no times to compare with (it was not begun)." in " ".join(text.split())


def test_a_number_that_is_too_large_to_calculate_with_is_shown_as_it_is() -> None:
    """The format does not restrict such values."""
    content = {**WHOLE, "environment": {"memory": 10**400, "cores_usable": 10**400}}
    assert f"{10**400}" in shown(from_json(json.dumps(content)))


def test_workers_of_which_none_is_known_to_have_begun_are_shown() -> None:
    """Their largest loss was starting."""
    content = copy.deepcopy(WHOLE)
    cell = content["tables"][0]["cells"][1]
    cell.update(workers=4)
    cell["traits"].update(worker_per_task=True)
    cell["observed"].update(began=[], work=9.0)
    cell["observed"]["tasks"] = {"started": [8.0], "finished": [8.1], "cpu": [0.1], "worker": [0]}
    assert "was lost to starting" in shown(from_json(json.dumps(content)))


def test_names_of_megabytes_are_cut() -> None:
    """Laying them out would take minutes."""
    content = copy.deepcopy(WHOLE)
    content["tables"][0]["cells"][1]["label"] = content["tables"][0]["title"] = "x" * 3_000_000
    text = printed(from_json(json.dumps(content)))
    assert "xxx..." in "".join(text.split())
    assert len(text) < 1_000_000


def test_more_rounds_than_levels_were_calibrated_for_are_shown() -> None:
    """Their intervals are wider."""
    record = from_json(json.dumps(WHOLE))
    assert "[" in printed(replace(record, tables=[replace(record.tables[0], options={"max_rounds": 10**9})]))


def test_a_device_is_read_no_further_than_a_results_file_may_be_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not report its length, and this one never ends."""
    monkeypatch.setattr("concbench.results.files._LARGEST", 10_000_000)
    with pytest.raises(BadResults, match="larger than 10 MB"):
        load("/dev/zero")


def test_a_path_that_cannot_be_is_refused() -> None:
    """A null character ends a path for the system."""
    with pytest.raises(BadResults, match="cannot read"):
        load("run\0.json")


@pytest.mark.parametrize("option", ["--why", "--env", "--json", "--trace"])
def test_every_way_to_show_a_hostile_file_ends_in_a_sentence(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is exit code 2 and one line, or 0 and harmless text."""
    file = tmp_path / "run.json"
    arguments = ["show", str(file), option, *([str(tmp_path / "trace.json")] if option == "--trace" else [])]
    file.write_text(json.dumps(WHOLE)[:-50])
    assert main(arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    hostile = copy.deepcopy(WHOLE)
    hostile["tables"][0].update(title="\x1b]0;owned\x07", load=[])
    hostile["tables"][0]["baseline"]["label"] = hostile["tables"][0]["cells"][0]["label"] = "\x1b[31m\ud800sequential"
    file.write_text(json.dumps(hostile))
    assert main(arguments) == 0
    assert "\x1b" not in capsys.readouterr().out
