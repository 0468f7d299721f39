"""Runner specs and plans: valid forms, and refused ones."""

from collections.abc import Iterator
from functools import cache
from importlib import metadata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concbench import Primes, ProcessPool, ThreadPool
from concbench.errors import BadSetting, UnknownName, UsageError
from concbench.harness.planning.plan import plan
from concbench.harness.planning.runner_specs import defaults_of, parse, plan_cells, with_workers
from concbench.options import MeasureOptions, filled, make_options
from concbench.registry import EXTRAS, RUNNERS, runner_class
from concbench.results.records import CellId
from concbench.workloads.synthetic import Sleep

OURS = sorted({*RUNNERS} - {*EXTRAS, "executor"})


@pytest.fixture(scope="module", autouse=True)
def packages_are_looked_through_once() -> Iterator[None]:
    """They are not searched again for every unregistered name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metadata, "entry_points", cache(metadata.entry_points))
        yield


@pytest.mark.parametrize(
    ("spec", "label"),
    [
        ("thread-pool", "thread-pool:32"),
        ("thread-pool:4", "thread-pool:4"),
        ("thread-pool:workers=4", "thread-pool:4"),
        (" sequential ", "sequential"),
        (
            "process-pool:workers=2,start_method=spawn,chunksize=16",
            "process-pool:workers=2,start_method=spawn,chunksize=16",
        ),
        ("process-pool:2,start_method=spawn", "process-pool:workers=2,start_method=spawn"),
        ("processes:limit=300", "processes:limit=300"),
    ],
)
def test_a_spec_has_one_label(spec: str, label: str) -> None:
    """This holds however the spec is written; the label is a spec with the same meaning."""
    cell = parse(spec)
    assert cell.label == label
    assert parse(cell.label).settings == cell.settings


@given(st.sampled_from(OURS), st.text(max_size=20))
def test_any_text_is_a_runner_or_a_sentence(name: str, rest: str) -> None:
    """No spec causes any other exception."""
    for spec in (name + rest, f"{name}:{rest}", rest):
        try:
            parse(spec)
        except UsageError as refused:
            assert str(refused)


WRITTEN = st.one_of(
    st.integers(-2, 10**6).map(str), st.sampled_from(["fork", "spawn", "forkserver", "true", "1_0", "+3", "9" * 5_000]),
    st.text(max_size=5),
)  # fmt: skip
SPECS = st.sampled_from(OURS).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.dictionaries(st.sampled_from([*defaults_of(runner_class(name)), "unknown"]), WRITTEN, max_size=3),
    )
)


@given(SPECS)
def test_a_label_is_a_spec_of_the_same_cell(spec: tuple[str, dict[str, str]]) -> None:
    """This holds for any settings; invalid ones are refused with a sentence."""
    name, written = spec
    settings = ",".join(f"{key}={value}" for key, value in written.items())
    try:
        cell = parse(f"{name}:{settings}" if settings else name)
    except UsageError as refused:
        assert str(refused)
        return
    again = parse(cell.label)
    assert (again.label, again.name, again.settings) == (cell.label, cell.name, cell.settings)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("thread-pol", "did you mean 'thread-pool'"),
        ("zzz", "known: sequential"),
        ("thread-pool:wokers=3", "did you mean 'workers'"),
        ("thread-pool:0", "thread-pool: workers must be a whole number"),
        ("thread-pool:-1", "1 or more"),
        ("thread-pool:many", "workers of thread-pool: 'many' is not a whole number"),
        ("thread-pool:", "cannot read the runner"),
        ("thread-pool:workers=", "cannot read the runner"),
        ("thread-pool:3,workers=4", "thread-pool has workers twice"),
        ("sequential:4", "no settings"),
        ("process-pool:start_method=teleport", "spawn"),
    ],
)
def test_a_spec_that_cannot_be_says_what_can(spec: str, says: str) -> None:
    """The nearest name is given if there is one."""
    with pytest.raises((UnknownName, BadSetting), match=says):
        parse(spec)


def test_instances_are_runners_too() -> None:
    """They have the same labels."""
    cells = plan_cells([ThreadPool(workers=3), ProcessPool(workers=2, chunksize=5), "sequential"])
    assert [cell.label for cell in cells] == ["thread-pool:3", "process-pool:workers=2,chunksize=5", "sequential"]


def test_what_is_no_runner_is_refused() -> None:
    """The message says what is missing."""
    with pytest.raises(UsageError, match="__enter__"):
        plan_cells([object()])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("runners", "options", "says"),
    [
        (["sequential", "sequential"], make_options(), "twice"),
        ([], make_options(), "no runners"),
        (["threads"], make_options(baseline="sequential"), "not among the runners"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(runners: list[str], options: MeasureOptions, says: str) -> None:
    """Nothing has run."""
    with pytest.raises(UsageError, match=says):
        plan(Primes(limits=[100]), runners, options)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"rounds": 0}, "rounds must be 1 to 100"),
        ({"rounds": 101}, "rounds must be 1 to 100"),
        ({"rounds": 5, "precision": 0.05}, "rounds and precision exclude each other"),
        ({"rounds": 5, "budget": 1.0}, "rounds and budget exclude each other"),
        ({"rounds": 5, "max_rounds": 9}, "rounds and max_rounds exclude each other"),
        ({"max_rounds": 2}, "three are the least"),
        ({"budget": 0}, "budget must be more than 0"),
        ({"budget": float("nan")}, "budget must be a finite number, not nan"),
        ({"timeout": -1}, "timeout must be more than 0"),
        ({"precision": 0}, "precision must be more than 0 %"),
        ({"precision": 1.5}, "not 150 %"),
    ],
)
def test_options_that_cannot_be_are_refused(wrong: dict[str, float], says: str) -> None:
    """They are refused at once."""
    with pytest.raises(BadSetting, match=says):
        filled(wrong)


def test_the_baseline_is_sequential_if_it_takes_part() -> None:
    """Otherwise it is the first runner, or the requested one."""
    work = Primes(limits=[100])
    assert plan(work, ["threads", "sequential"], make_options()).baseline == CellId("sequential")
    assert plan(work, ["threads", "thread-pool"], make_options()).baseline == CellId("threads")
    asked = make_options(baseline="thread-pool:workers=8")
    assert plan(work, ["threads", "thread-pool:8"], asked).baseline == CellId("thread-pool:8")


def test_one_round_that_was_asked_for_is_the_warm_up_too() -> None:
    """One round by the workload's own default is not."""
    assert not plan(Primes(limits=[9]), ["threads"], make_options(rounds=1)).warm_up
    assert plan(Primes(limits=[9]), ["threads"], make_options()).warm_up


def test_worker_counts_are_tried_where_there_are_workers() -> None:
    """The others take part once, and written counts stay."""
    specs = with_workers(["sequential", "threads", "thread-pool", "process-pool:chunksize=2", "asyncio:5"], [1, 4])
    assert specs == [
        "sequential",
        "threads",
        "thread-pool:1",
        "thread-pool:4",
        "process-pool:chunksize=2,workers=1",
        "process-pool:chunksize=2,workers=4",
        "asyncio:5",
    ]


def test_work_without_tasks_is_refused() -> None:
    """There would be nothing to time."""
    with pytest.raises(BadSetting, match="sleep has no tasks"):
        plan(Sleep(tasks=0), ["sequential"], make_options())
