"""Results files: what is saved is what is loaded, and no fault of a file leads to a traceback."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concbench.errors import BadOutput, BadResults
from concbench.results.files import FORMAT, VERSION, from_json, load, reserve, save, to_json, write
from concbench.results.records import (
    Cause,
    Cell,
    CellId,
    Checked,
    MemoryKind,
    ObservedPass,
    Outcome,
    OutcomeKind,
    RunRecord,
    Sample,
    Stopped,
    Table,
    Tasks,
    TaskSummary,
)
from concbench.traits import Traits

TIMES = st.integers(0, 10**15).map(lambda count: count / 1e9)
TEXTS = st.text(max_size=20)
WORK = st.integers(1, 10**15).map(lambda count: count / 1e9)
SAMPLES = st.builds(Sample, TIMES, WORK, TIMES, TIMES | st.none(), st.integers(0, 99), st.integers(0, 9))
COUNTS = st.integers(0) | st.none()
ROWS = st.lists(st.tuples(TIMES, TIMES, TIMES, st.integers(0, 9), st.integers(0)), min_size=1)
TASKS = st.builds(
    lambda rows, some, failed: Tasks(
        started=[min(row[:2]) for row in rows], finished=[max(row[:2]) for row in rows], cpu=[row[2] for row in rows],
        worker=[row[3] for row in rows], index=[row[4] for row in rows] if some else None, failed=failed,
    ),
    ROWS, st.booleans(), st.lists(st.integers(0)),
)  # fmt: skip
QUANTILES = st.lists(TIMES, min_size=4, max_size=4)
SUMMARIES = st.builds(
    TaskSummary, workers=st.integers(1), makespan=WORK, tasks=st.integers(1), busy=TIMES, cpu=TIMES, start_up=TIMES,
    dispatch=TIMES, tail=TIMES, shut_down=TIMES, in_flight=TIMES, peak=st.integers(1), service=QUANTILES,
    queueing=QUANTILES, longest=st.integers(0), last=st.integers(0), last_seconds=TIMES,
)  # fmt: skip
MEMORY_KINDS, KINDS, CAUSES, STOPPED, CHECKED = (
    st.sampled_from(get_args(allowed)) for allowed in (MemoryKind, OutcomeKind, Cause, Stopped, Checked)
)
OBSERVED = st.builds(
    ObservedPass, start=TIMES, work=WORK, stop=TIMES, cpu=TIMES | st.none(), began=st.lists(TIMES),
    tasks=TASKS | st.none(), summary=SUMMARIES | st.none(), observing=TIMES, voluntary_switches=COUNTS,
    involuntary_switches=COUNTS, page_faults=COUNTS, tree_cpu=TIMES | st.none(), memory=COUNTS,
    memory_kind=MEMORY_KINDS, memory_track=st.lists(st.lists(TIMES, min_size=2, max_size=2), max_size=3),
    processes=COUNTS, threads=COUNTS,
)  # fmt: skip
JSON = st.dictionaries(TEXTS, st.integers() | TEXTS | st.booleans() | st.none(), max_size=3)
CELLS = st.builds(
    Cell, label=TEXTS, runner=TEXTS, settings=JSON, workers=st.integers(1), variant=TEXTS, traits=st.from_type(Traits),
    outcome=st.builds(Outcome, KINDS, TEXTS, TEXTS, CAUSES), warmup=SAMPLES | st.none(),
    samples=st.lists(SAMPLES, max_size=3, unique_by=lambda sample: sample.round), observed=OBSERVED | st.none(),
    interpreter=JSON,
)  # fmt: skip
TABLES = st.builds(
    Table, workload=TEXTS, kind=TEXTS, size=TEXTS, title=TEXTS, settings=JSON, tasks=st.integers(0),
    baseline=st.builds(CellId, TEXTS, TEXTS),
    options=st.builds(
        lambda others, rounds, name: {**others, name: rounds},
        JSON, st.integers(1, 10**9), st.sampled_from(["rounds", "max_rounds"]),
    ),
    stopped=STOPPED, warmed_up=st.booleans(), checked=CHECKED, facts=JSON,
    cells=st.lists(CELLS, max_size=3, unique_by=lambda cell: cell.id), items=st.lists(TEXTS, max_size=3),
    load=st.lists(TIMES, max_size=3),
)  # fmt: skip
RECORDS = st.builds(
    RunRecord, TEXTS, TEXTS, st.integers(0), st.booleans(), JSON, st.lists(TABLES, max_size=2)
)  # fmt: skip

EMPTY = RunRecord("0.1.0", "2026-01-01T00:00:00+00:00", 1, False, {}, [])


@settings(deadline=None, max_examples=60)
@given(RECORDS)
def test_what_is_saved_is_what_is_loaded(record: RunRecord) -> None:
    """Every field of every record survives the trip."""
    assert from_json(to_json(record)) == record


@settings(deadline=None, max_examples=80)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)
    )
)
def test_other_json_is_refused_with_a_sentence(value: object) -> None:
    """This holds for any value."""
    with pytest.raises(BadResults):
        from_json(json.dumps(value))


@settings(deadline=None, max_examples=60)
@given(RECORDS, st.data())
def test_a_damaged_file_is_refused_or_still_whole(record: RunRecord, data: st.DataObject) -> None:
    """It is cut anywhere, or any value is replaced by one of another type: there is a sentence, and no other error."""
    text = to_json(record)
    cut = data.draw(st.integers(0, len(text) - 2))
    with pytest.raises(BadResults):
        from_json(text[:cut])
    content = json.loads(text)
    key = data.draw(st.sampled_from(sorted(content)))
    content[key] = data.draw(st.sampled_from([None, 1, "x", [], {}, [1], [{}]]))
    try:
        from_json(json.dumps(content))
    except BadResults as refused:
        assert str(refused)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"format": "concbench-run", "version": 1, "seed": NaN}', "not JSON"),
        ("{}", "not a results file"),
        (json.dumps({"format": FORMAT}), "which version"),
        (json.dumps({"format": FORMAT, "version": "1"}), "which version"),
        (json.dumps({"format": FORMAT, "version": VERSION + 1}), "newer concbench"),
        (json.dumps({"format": FORMAT, "version": 1}), "damaged"),
    ],
)
def test_each_fault_has_its_own_sentence(text: str, says: str) -> None:
    """A person then knows what to do."""
    with pytest.raises(BadResults, match=says):
        from_json(text)


@pytest.mark.parametrize(
    ("stopped", "checked", "kind", "cause", "memory_kind"),
    [
        ("verdicts", "known", "ok", "", "pss"),
        ("rounds", "sequential", "failed", "results", "uss"),
        ("budget", "off", "failed", "timeout", "rss"),
        ("calls", "incomparable", "failed", "memory", ""),
        ("baseline", "unsteady", "failed", "death", ""),
        ("cells", "known", "inapplicable", "", ""),
        ("", "sequential", "ok", "", ""),
    ],
)
def test_every_word_that_was_written_in_format_1_is_read(
    stopped: Stopped, checked: Checked, kind: OutcomeKind, cause: Cause, memory_kind: MemoryKind
) -> None:
    """The parameters have all words of that format."""
    observed = ObservedPass(0.0, 1.0, 0.0, None, [], None, memory_kind=memory_kind)
    cell = Cell("mine", "mine", {}, 1, outcome=Outcome(kind, "so it was", cause=cause), observed=observed)
    table = Table(
        workload="work", kind="cpu", size="", title="work", settings={}, tasks=1, baseline=cell.id,
        options={"max_rounds": 3, "warm": False}, stopped=stopped, warmed_up=True, checked=checked, facts={},
        cells=[cell],
    )  # fmt: skip
    content = json.loads(to_json(replace(EMPTY, tables=[table])))
    content["version"] = 1
    content["tables"][0]["baseline"] = "mine"
    del content["tables"][0]["options"]
    content["tables"][0] |= {"max_rounds": 3, "all_rounds": False, "budget": None, "precision": None, "warm": False}
    for added in ("variant", "traits"):
        del content["tables"][0]["cells"][0][added]
    assert from_json(json.dumps(content)).tables == [table]


@pytest.mark.parametrize(("key", "name"), [("sieve_seconds", "a sieve"), ("trial_seconds", "trial division")])
def test_facts_of_format_1_are_read_as_those_of_today(key: str, name: str) -> None:
    """They are the other algorithm, and the bytes of a task, which were among the settings."""
    cell = Cell("mine", "mine", {}, 1)
    table = Table(
        workload="work", kind="cpu", size="", title="work", settings={"image_size": 5}, tasks=1, baseline=cell.id,
        options={"rounds": 3}, stopped="", warmed_up=True, checked="known",
        facts={key: 0.5, "awaits": 1.0}, cells=[cell],
    )  # fmt: skip
    content = {**json.loads(to_json(replace(EMPTY, tables=[table]))), "version": 1}
    content["tables"][0] |= {"baseline": "mine", "max_rounds": 3, "all_rounds": True, "warm": False}
    (read,) = from_json(json.dumps(content)).tables
    assert read.facts == {
        "awaits": 1.0, "other_algorithm": name, "other_algorithm_seconds": 0.5, "task_bytes": 5
    }  # fmt: skip
    assert read.settings == table.settings


def test_a_file_that_is_missing_or_binary_is_refused(tmp_path: Path) -> None:
    """The message has its path."""
    with pytest.raises(BadResults, match="nowhere"):
        load(tmp_path / "nowhere")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadResults, match="binary"):
        load(tmp_path / "binary")


def test_saving_replaces_the_file_whole_and_leaves_nothing_else(tmp_path: Path) -> None:
    """No temporary file is left beside it."""
    file = tmp_path / "run.json"
    save(EMPTY, file)
    save(replace(EMPTY, seed=2), file)
    assert load(file).seed == 2
    assert list(tmp_path.iterdir()) == [file]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """The message has the path and the system's reason."""
    with pytest.raises(BadOutput, match="cannot write"):
        save(EMPTY, tmp_path / "missing" / "run.json")


def test_a_new_file_has_the_mode_that_the_umask_gives(tmp_path: Path) -> None:
    """It is the mode that a program gets by opening it."""
    before = os.umask(0o027)
    try:
        save(EMPTY, tmp_path / "run.json")
    finally:
        os.umask(before)
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(("umask", "mode"), [(0o777, 0o600), (0o400, 0o666), (0o222, 0o644)])
def test_a_new_file_is_written_again_whatever_the_umask_says(tmp_path: Path, umask: int, mode: int) -> None:
    """It is written after the next round; nobody else can take its name meanwhile."""
    before = os.umask(umask)
    try:
        reserve(tmp_path / "run.json")
        write("first", tmp_path / "run.json")
        write("second", tmp_path / "run.json")
    finally:
        os.umask(before)
    assert (tmp_path / "run.json").read_text() == "second"
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == mode


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    """This includes modes that no umask gives."""
    file = tmp_path / "run.json"
    file.write_text("old")
    file.chmod(0o606)
    save(EMPTY, file)
    assert load(file) == EMPTY
    assert file.stat().st_mode & 0o777 == 0o606


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    """Its target is written, whether or not it existed."""
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "run.json"
    link.symlink_to(Path("elsewhere") / "real.json")
    for seed in (1, 2):
        save(replace(EMPTY, seed=seed), link)
        assert link.is_symlink()
        assert load(tmp_path / "elsewhere" / "real.json").seed == seed
    assert len(list(tmp_path.rglob("*"))) == 3


def test_a_file_without_a_write_bit_stays_as_it_is(tmp_path: Path) -> None:
    """This holds for root as well."""
    file = tmp_path / "run.json"
    file.write_text("precious")
    file.chmod(0o444)
    with pytest.raises(BadOutput, match="read-only"):
        save(EMPTY, file)
    assert file.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_no_regular_file_is_never_replaced(tmp_path: Path) -> None:
    """Examples: a pipe, a directory, a link to a device, a circle of links, a name that is too long."""
    pipe, device, circle = tmp_path / "pipe", tmp_path / "device", tmp_path / "circle"
    os.mkfifo(pipe)
    device.symlink_to(os.devnull)
    circle.symlink_to(circle)
    for path in (pipe, device, circle, tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(BadOutput):
            save(EMPTY, path)
    assert pipe.is_fifo()
    assert device.is_char_device()
    assert sorted(tmp_path.iterdir()) == [circle, device, pipe]


def test_an_interruption_while_it_is_written_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interruption may come at any moment in a program that calls measure()."""

    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    file = tmp_path / "run.json"
    save(EMPTY, file)
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(replace(EMPTY, seed=2), file)
    assert load(file) == EMPTY
    assert list(tmp_path.iterdir()) == [file]


def test_a_value_that_json_cannot_hold_is_never_written(tmp_path: Path) -> None:
    """NaN would make a file that others cannot read; the old file stays."""
    file = tmp_path / "run.json"
    save(EMPTY, file)
    with pytest.raises(ValueError, match="JSON"):
        save(replace(EMPTY, environment={"nan": float("nan")}), file)
    assert load(file) == EMPTY
    assert list(tmp_path.iterdir()) == [file]
