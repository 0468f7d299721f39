"""Findings before the first sample, and their cause."""

from __future__ import annotations

import signal
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from concbench import measure
from concbench.cli.main import main
from concbench.errors import BadFunction
from concbench.results.records import Table
from concbench.workloads.function.lookup import ObjectPath

FILE = Path(__file__).parents[2] / "workloads" / "function" / "user_module.py"
SHARING = ["sequential", "threads", "thread-pool:2"]
EVERY = [*SHARING, "batched-threads:3", "processes", "process-pool:2", "asyncio:2"]
SPAWNED = "process-pool:workers=2,start_method=spawn"


def user_module() -> Any:
    """The module as measuring processes find it."""
    ObjectPath.read(f"{FILE}:Touchy").load()
    return sys.modules[FILE.stem]


def table_of(name: str, items: Any = range(8), runners: Any = SHARING, **options: Any) -> Table:
    given = items if isinstance(items, (list, range)) else items()
    return measure(f"{FILE}:{name}", items=given, runners=runners, **{"rounds": 2, "observe": False, **options}).tables[
        0
    ]


def outcomes(table: Table) -> dict[str, str]:
    return {cell.label: cell.outcome.kind for cell in table.cells}


def reasons(table: Table) -> str:
    return " ".join([*table.notes, *(cell.outcome.reason for cell in table.cells)])


@pytest.mark.parametrize("options", [{}, {"compare": False, "warm": True}, {"rounds": 1, "observe": False}], ids=str)
def test_nothing_touches_results_or_items_in_a_process_before_its_last_sample(options: dict[str, Any]) -> None:
    """They are not pickled, compared or loaded again, whether or not results are compared."""
    items = [user_module().Touchy(number) for number in range(3)]
    # as many calls as are allowed: a check executes the work once, since it touches what it compares
    table = table_of("untouched", items=items, **{"rounds": 4, "max_calls": 1_000, **options})
    assert set(outcomes(table).values()) == {"ok"}
    assert table.checked == ("off" if options.get("compare") is False else "sequential")


@pytest.mark.parametrize(
    ("where", "make"), [(str(FILE), "pages"), (FILE.stem, "sizes"), (FILE.stem, "pairs")], ids=["path", "name", "tuple"]
)
def test_items_and_results_may_be_of_classes_of_the_functions_own_module(
    where: str, make: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Measuring processes find the module before they read the items."""
    monkeypatch.chdir(FILE.parent)
    runners = [part for name in ("sequential", "process-pool:2") for part in ("-r", name)]
    options = ["--items", f"{where}:{make}", "--rounds", "1", "--no-observe", *runners]
    code = main(["run", f"{where}:returned", *options, "--details"])
    printed = capsys.readouterr()
    assert code == 0, printed.out + printed.err
    assert "agree with the sequential results" in " ".join(printed.out.split())


@pytest.mark.parametrize("name", ["order_of_a_set", "hash_of_a_text"])
def test_hashes_of_texts_are_the_same_in_all_processes(name: str) -> None:
    """All processes, workers included, have one PYTHONHASHSEED, so that results can be compared."""
    table = table_of(name, runners=["sequential", "thread-pool:2", "process-pool:2", SPAWNED], rounds=1)
    assert set(outcomes(table).values()) == {"ok"}
    assert table.checked == "sequential"


def test_where_hashes_cannot_be_fixed_results_depend_on_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """-E and -I ignore PYTHONHASHSEED; no runner is blamed."""
    monkeypatch.setattr("concbench.harness.hosts.process_host.hash_seed", lambda _: "random")
    table = table_of("order_of_a_set", runners=["sequential", "thread-pool:2", SPAWNED])
    assert table.checked == "process"
    assert set(outcomes(table).values()) == {"ok"}


@pytest.mark.parametrize(
    ("name", "checked", "runner", "isolate"),
    [
        ("process_id", "process", "process-pool:2", True),
        ("constant_of_the_import", "process", "process-pool:2", False),
        ("random_number", "unsteady", "thread-pool:2", False),
        ("count", "unsteady", "threads", True),
        ("race_and_chance", "unsteady", "threads", False),
    ],
)
def test_nobody_is_blamed_for_what_sequential_passes_do_as_well(
    name: str, checked: str, runner: str, isolate: bool
) -> None:
    """Rows keep their times, and the table says why nothing was compared."""
    function, runners = getattr(user_module(), name), ["sequential", runner]
    run = measure(function, items=range(8), runners=runners, rounds=2, observe=name == "count", isolate=isolate)
    (table,) = run.tables
    assert table.checked == checked
    assert set(outcomes(table).values()) == {"ok"}
    assert all(len(cell.samples) == 2 for cell in table.cells)
    assert "not thread-safe" not in reasons(table)
    assert sum("Results were not compared" in note for note in table.notes) == 1


@pytest.mark.parametrize("isolate", [True, False])
def test_what_is_right_in_the_main_thread_and_wrong_in_another_is_blamed_for_that(isolate: bool) -> None:
    """A module may set something for the thread that imports it: a program with threads has other results."""
    runners = ["sequential", "threads", *(["process-pool:2"] if isolate else [])]
    table = table_of("precise", runners=runners, isolate=isolate)
    assert outcomes(table) == {one: "failed" if one == "threads" else "ok" for one in runners}
    assert table.checked == "sequential"
    assert table.cell("threads").outcome.cause == "thread"
    assert table.cell("threads").outcome.reason.startswith("depends on the thread: 6 of 8 results differ")


@pytest.mark.parametrize("options", [{}, {"rounds": 1}, {"fresh": True}, {"warm": True, "isolate": False}], ids=str)
def test_what_is_right_sequentially_in_every_process_and_wrong_at_once_is_blamed(options: dict[str, Any]) -> None:
    """This holds in every way of measuring."""
    once = ["process-pool:2"] if not options else []  # once is enough for workers that share nothing
    options = {"rounds": 2, "observe": False, **options}
    table = table_of("race", items=range(20), runners=["sequential", "threads", *once], **options)
    assert outcomes(table) == {"sequential": "ok", "threads": "failed", **dict.fromkeys(once, "ok")}
    assert table.cell("threads").outcome.reason.startswith("not thread-safe: ")
    assert table.checked == "sequential"


def test_rounding_is_called_rounding_and_a_check_takes_it_for_equal() -> None:
    """Rounding is not a race."""
    table = table_of("race_that_rounds", items=range(20), runners=["sequential", "threads"], isolate=False)
    assert table.cell("threads").outcome.reason.startswith("rounding differences: ")
    assert "--check concbench.checks:close" in table.cell("threads").outcome.reason
    assert table.cell("threads").outcome.cause == "rounding"
    allowing: dict[str, Any] = {"isolate": False, "check": "concbench.checks:close"}
    close = table_of("race_that_rounds", items=range(20), runners=["sequential", "threads"], **allowing)
    assert set(outcomes(close).values()) == {"ok"}


def test_errors_under_load_are_counted_and_no_fault_of_the_function() -> None:
    """If an expected or an actual result is an exception, there is nothing to compare."""
    table = table_of("too_many_at_once", items=range(20), tolerate=True, isolate=False)
    assert set(outcomes(table).values()) == {"ok"}
    assert table.checked == "sequential"
    counted = {cell.label: set(cell.samples[0].failed) for cell in table.cells}
    assert counted["sequential"] == set()
    assert counted["threads"] == {"TooBusyError"}
    assert "not thread-safe" not in reasons(table)


@pytest.mark.parametrize("name", ["wrapped_coroutine", "client", "part_of_a_coroutine", "coroutine_now_and_then"])
def test_what_returns_awaitables_is_a_coroutine_function(name: str) -> None:
    """It is awaited under every runner, and asyncio can run it, in this process as in others."""
    runners = ["sequential", "thread-pool:2", "process-pool:2", "asyncio:4"]
    table = table_of(name, runners=runners, rounds=1, isolate=None if name == "wrapped_coroutine" else False)
    assert set(outcomes(table).values()) == {"ok"}
    assert table.checked == "sequential"
    assert any("event loop" in note for note in table.notes)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("generator", "return list"),
        ("async_generator", "return .part async for part in"),
        ("mapped", "a map, which computes as it is read"),
        ("counted", "return list"),
        ("future", r"return the result of .result\(\)"),
        ("list_of_coroutines", "a list that holds a coroutine"),
        ("not_entered", "with statement"),
    ],
)
def test_work_that_is_not_done_is_refused_with_what_to_return_instead(name: str, says: str) -> None:
    """Nothing would have been measured; this holds in this process, where tests are quicker, as in others."""
    with pytest.raises(BadFunction, match=says):
        table_of(name, isolate=None if name == "generator" else False, compare=False)


@pytest.mark.parametrize("name", ["cursor", "open_file"])
def test_open_files_and_cursors_are_results(name: str) -> None:
    """They can be read, and are not unfinished work."""
    table = table_of(name, rounds=1)
    assert set(outcomes(table).values()) == {"ok"}
    assert table.checked == "incomparable"


class Token:
    """Equal only to itself, and so not to a copy of itself."""

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


def test_what_cannot_be_compared_is_reported_and_the_rest_is_compared() -> None:
    """It is reported once, by index and type; no runner is blamed for it, and wrong results beside it are found."""
    threes = 0

    def some(item: int) -> Any:
        return Token() if item == 2 else item

    def wrong_once(item: int) -> Any:
        nonlocal threes
        threes += item == 3
        return -1 if item == 3 and threes == 2 else some(item)

    runners = ["sequential", "thread-pool:2"]
    table = table_of_function(some, runners=runners)
    assert table.checked == "sequential"
    assert set(outcomes(table).values()) == {"ok"}
    (note,) = [note for note in table.notes if "compared" in note]
    assert note.startswith(
        "1 of 4 results cannot be compared (the others are): result 2, of type Token, is not equal to "
    )
    assert "--check" in note
    assert table_of_function(lambda _: Token(), runners=runners).checked == "incomparable"
    table = table_of_function(wrong_once, runners=runners)
    assert "1 of 4 results differ, first at item 3: expected 3, got -1" in reasons(table)


@pytest.mark.parametrize(
    ("items", "changes"),
    [
        ([Decimal("NaN"), {float("nan")}], False),
        ([Token(), Token()], False),
        ([[Token()], [1]], True),
        ([[float("nan")], [1]], True),
    ],
)
def test_a_function_is_only_said_to_change_items_that_can_be_compared(items: list[Any], changes: bool) -> None:
    """Missing values are unchanged; for other values it is not known."""

    def look(item: Any) -> None:
        if isinstance(item, list):
            item.append(1)

    table = table_of_function(look, items=items, runners=["sequential"])
    assert ("changes its items" in reasons(table)) is changes


def table_of_function(function: Any, items: Any = range(4), **options: Any) -> Table:
    """Measured in this process, where functions may be local."""
    (table,) = measure(function, items=items, isolate=False, rounds=1, observe=False, **options).tables
    return table


@pytest.mark.parametrize("options", [{"rounds": 1}, {"rounds": 2, "warm": True}], ids=str)
@pytest.mark.parametrize("isolate", [True, False])
def test_what_is_found_out_late_is_no_less_true(options: dict[str, Any], isolate: bool) -> None:
    """Results that vary between passes are found in the only round or in the observed pass; samples are kept."""
    name = "random_number" if options["rounds"] == 1 else "other_from_the_third_pass_on"
    function = getattr(user_module(), name)
    user_module().passes.clear()
    runners = ["sequential", "thread-pool:2"]
    table = measure(function, items=range(4), runners=runners, isolate=isolate, **options).tables[0]
    assert table.checked == "unsteady"
    assert set(outcomes(table).values()) == {"ok"}
    assert all(len(cell.samples) == options["rounds"] and cell.observed for cell in table.cells)


@pytest.mark.parametrize("name", ["race", "lock", "wrapped_coroutine"])
def test_no_more_calls_are_made_than_are_allowed_whatever_is_found_out(name: str) -> None:
    """Passes that examine differing results, and references that cannot be shared, count as well."""
    module = user_module()
    made: list[int] = []

    def counted(item: int) -> Any:
        made.append(item)
        return getattr(module, name)(item)

    most = 4 * (1 + 2 + 2 + 2 * 3)  # a reference, checks, warm-ups and rounds of two runners
    measure(counted, items=range(4), runners=["sequential", "threads"], isolate=False, observe=False, max_calls=most)
    assert len(made) <= most


def test_ctrl_c_in_this_process_ends_the_run() -> None:
    """It is not a failure of the running task."""

    def interrupted(item: int) -> int:
        signal.raise_signal(signal.SIGINT)
        return item

    run = measure(interrupted, items=range(3), runners=["sequential"], isolate=False, compare=False)
    assert run.record.interrupted
    assert not any(cell.outcome.kind == "failed" for cell in run.tables[0].cells)


def test_a_baseline_that_timed_out_is_no_measure_for_others() -> None:
    """No time is compared with that of a run that did not end."""
    table = table_of("hangs_later", items=range(2), runners=["sequential", "threads"], timeout=0.6)
    assert outcomes(table) == {"sequential": "failed", "threads": "failed"}
    assert "times as long" not in reasons(table)
