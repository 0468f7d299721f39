"""A user's function over a user's items: found, called correctly, compared, and protected."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Unpack

import pytest

from concbench import MeasureOptions, Run, measure
from concbench.errors import BadFunction, UsageError
from concbench.results.records import Cell, Table
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.lookup import ObjectPath
from concbench.workloads.function.workload import FunctionWorkload

FILE = Path(__file__).parent / "user_module.py"
ONCE: MeasureOptions = {"rounds": 1, "observe": False}
SHARING = ["sequential", "threads", "thread-pool:4"]
EVERY = [*SHARING, "batched-threads:3", "processes", "process-pool:2", "asyncio:4"]


def table_of(name: str | Callable[..., Any], items: Any = range(8), runners: Any = SHARING, **options: Any) -> Table:
    function = f"{FILE}:{name}" if isinstance(name, str) else name
    return measure(function, items=items, runners=runners, **{**ONCE, **options}).tables[0]


def outcomes(table: Table) -> dict[str, str]:
    return {cell.label: cell.outcome.kind for cell in table.cells}


def cell_of(table: Table, label: str) -> Cell:
    return table.cell(label)


def test_an_ordinary_function_runs_under_every_runner() -> None:
    """The exception is asyncio, which has nothing to await."""
    seen = outcomes(table_of("double", runners=EVERY))
    assert seen.pop("asyncio:4") == "inapplicable"
    assert set(seen.values()) == {"ok"}


def test_a_coroutine_function_runs_under_every_runner_and_the_table_says_how() -> None:
    """Threads and processes run it in one event loop per worker."""
    table = table_of("double_later", runners=EVERY)
    assert set(outcomes(table).values()) == {"ok"}
    assert any("event loop" in note for note in table.notes)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Tool.triple", {}),
        ("add", {"items": [(1, 2), [3, 4]], "star": True}),
        ("nothing", {"items": None, "repeat": 3}),
        ("double", {"coroutine": f"{FILE}:double_later", "runners": ["sequential", "asyncio:2"]}),
        ("add", {"items": [{"one": 1, "other": 2}, {"other": 3, "one": 4}], "star": True}),
        ("add_later", {"items": [(1, 2), (3, 4)], "star": True, "runners": ["sequential", "asyncio:2"]}),
        ("add_later", {"items": [{"one": 1, "other": 2}], "star": True, "runners": ["sequential", "asyncio:2"]}),
        ("needs_context", {"context": f"{FILE}:context"}),
        ("double_later", {"context": f"{FILE}:async_context", "runners": ["asyncio:2"]}),
        ("with_noise", {"check": f"{FILE}:close_enough"}),
        ("with_noise", {"compare": False}),
    ],
)
def test_functions_are_called_as_they_want_to_be(name: str, options: dict[str, Any]) -> None:
    """The cases are methods, several arguments, none, twins, contexts and checks."""
    assert set(outcomes(table_of(name, isolate=False, **options)).values()) == {"ok"}


def test_a_function_that_is_not_thread_safe_is_the_finding() -> None:
    """It is right sequentially and wrong at once: the reason says so, with the first item."""
    table = table_of("race", items=range(40), runners=["sequential", "threads", "process-pool:2"])
    reason = cell_of(table, "threads").outcome.reason
    assert outcomes(table) == {"sequential": "ok", "threads": "failed", "process-pool:2": "ok"}
    assert reason.startswith("not thread-safe: ")
    assert "of 40 results differ, first at item" in reason


@pytest.mark.parametrize(
    ("name", "says"), [("count", "another"), ("opaque", "not define equality"), ("lock", "not define equality")]
)
def test_what_cannot_be_compared_is_not_called_wrong(name: str, says: str) -> None:
    """Its runners have not failed either."""
    runners = ["sequential", "thread-pool:2", "process-pool:2", "asyncio:2"]
    table = table_of(name, rounds=None, max_rounds=3, budget=1.0, runners=runners)
    assert table.checked in {"incomparable", "unsteady"}
    assert set(outcomes(table).values()) <= {"ok", "inapplicable"}
    assert outcomes(table)["sequential"] != "failed"
    assert any(says in note for note in table.notes)


def test_in_a_fresh_process_nothing_is_left_of_the_execution_before() -> None:
    """A function that counts its calls begins at one each time; otherwise no two executions of it would be alike."""
    runners = ["sequential", "thread-pool:1", "process-pool:1"]
    fresh = table_of("count", fresh=True, runners=runners)
    assert fresh.checked == "sequential"
    assert set(outcomes(fresh).values()) == {"ok"}
    assert any("--fresh" in note for note in fresh.notes)
    assert table_of("count", runners=runners, rounds=3).checked == "unsteady"
    with pytest.raises(UsageError, match="fresh"):
        table_of("count", fresh=True, isolate=False)
    with pytest.raises(UsageError, match="exclude"):
        table_of("count", fresh=True, warm=True)


def test_results_that_cannot_be_pickled_are_compared_where_they_are() -> None:
    """Worker processes, which would have to send them, are inapplicable."""
    seen = outcomes(table_of("lock", runners=["sequential", "thread-pool:2", "process-pool:2"]))
    assert seen == {"sequential": "ok", "thread-pool:2": "ok", "process-pool:2": "inapplicable"}


def test_results_that_stay_at_home_are_compared_there_or_not_called_equal() -> None:
    """Each process that checks makes its own reference."""
    kept = table_of("home_body", runners=["sequential", "thread-pool:2", "process-pool:2"])
    assert kept.checked == "sequential"
    assert outcomes(kept) == {"sequential": "ok", "thread-pool:2": "ok", "process-pool:2": "inapplicable"}
    wrong = table_of("home_race", items=range(40), runners=["sequential", "threads"], isolate=False)
    assert cell_of(wrong, "threads").outcome.reason.startswith("not thread-safe: ")
    fresh = table_of("home_race", items=range(40), runners=["sequential", "threads"], fresh=True)
    assert cell_of(fresh, "threads").outcome.reason.startswith("not thread-safe: ")


def test_items_that_are_changed_are_fresh_for_every_execution() -> None:
    """Growing lists would make each sample longer than the one before; the table says that they are changed."""
    items = [[0], [0, 0]]
    table = table_of("append", items=items, rounds=3, runners=["sequential", "thread-pool:2"])
    assert set(outcomes(table).values()) == {"ok"}
    assert any("item 0 was [0] and is [0, 1]" in note for note in table.notes)
    assert items == [[0], [0, 0]]


def test_exceptions_are_results_where_they_are_tolerated() -> None:
    """They are compared like any other result; otherwise the first one fails the cell and names its item."""
    strict = table_of("odd_only", runners=["sequential"])
    assert "item 0" in cell_of(strict, "sequential").outcome.reason
    assert "0 is even" in cell_of(strict, "sequential").outcome.reason
    table = table_of("odd_only", runners=[*SHARING, "process-pool:2"], tolerate=True)
    assert set(outcomes(table).values()) == {"ok"}


def test_a_lambda_is_measured_in_this_process_and_the_table_says_so() -> None:
    """Worker processes are inapplicable, and the reason says what to change."""
    table = table_of(lambda item: item + 1, runners=["sequential", "thread-pool:2", "process-pool:2"])
    assert outcomes(table) == {"sequential": "ok", "thread-pool:2": "ok", "process-pool:2": "inapplicable"}
    assert "top level of a module" in cell_of(table, "process-pool:2").outcome.reason
    assert any("in this process" in note for note in table.notes)
    with pytest.raises(UsageError, match="cannot be isolated"):
        table_of(lambda item: item, isolate=True)


def test_a_lambda_of_a_module_runs_in_a_process_but_not_in_workers() -> None:
    """It can be found by name, but not sent."""
    seen = outcomes(table_of("as_lambda", runners=["sequential", "thread-pool:2", "process-pool:2"]))
    assert seen == {"sequential": "ok", "thread-pool:2": "ok", "process-pool:2": "inapplicable"}


def test_items_that_cannot_be_pickled_stay_in_this_process() -> None:
    """They do not prevent a measurement."""
    import threading

    table = table_of(_name_of, items=[threading.Lock(), threading.Lock()], runners=["sequential", "process-pool:2"])
    assert outcomes(table) == {"sequential": "ok", "process-pool:2": "inapplicable"}


def _name_of(item: Any) -> str:
    return type(item).__name__


def test_a_part_of_the_items_is_drawn_at_random_and_keeps_its_order() -> None:
    """It is the same for the same seed, whether or not the items can be pickled."""
    import threading

    for items in (range(100), [threading.Lock() for _ in range(100)]):
        whole = FunctionWorkload.of(_name_of, list(items), CallForm())
        part = whole.some(10, seed=4)
        assert (part.tasks, whole.tasks) == (10, 100)
        assert len(part.items) == 10
        assert "10 of 100 items" in part.title()
    numbers = FunctionWorkload.of(abs, list(range(100)), CallForm()).some(10, seed=4)
    assert list(numbers.items) == sorted(numbers.items)
    assert list(numbers.items) == list(FunctionWorkload.of(abs, list(range(100)), CallForm()).some(10, seed=4).items)


def test_other_peoples_servers_get_ten_calls_at_once() -> None:
    """The limit can be raised; servers on this machine do not count."""
    elsewhere = [f"https://example.org/{number}" for number in range(20)]
    here = [f"http://127.0.0.1:1/{number}" for number in range(20)]
    runners = ["threads", "thread-pool", "batched-threads:15"]
    table = measure(len, items=elsewhere, runners=runners, **ONCE).tables[0]
    assert outcomes(table) == {"threads": "inapplicable", "thread-pool:10": "ok", "batched-threads:15": "inapplicable"}
    assert any("10 calls at once" in note for note in table.notes)
    for several in ([(address, 1) for address in elsewhere], [{"address": address} for address in elsewhere]):
        seen = outcomes(measure(len, items=several, runners=["threads"], **ONCE).tables[0])
        assert seen == {"threads": "inapplicable"}
    for items, most in ((elsewhere, 20), (here, None)):
        allowed: MeasureOptions = {**ONCE, "max_workers": most}
        seen = outcomes(measure(len, items=items, runners=["threads"], **allowed).tables[0])
        assert seen == {"threads": "ok"}


def test_no_more_calls_are_made_than_are_allowed() -> None:
    """A plan that needs more is refused before the first; one that would use more stops."""
    calls: list[int] = []

    def call(item: int) -> None:
        time.sleep(0.001)
        calls.append(item)

    def measured(**options: Unpack[MeasureOptions]) -> Run:
        unobserved: MeasureOptions = {**options, "observe": False}
        return measure(call, items=range(10), runners=["sequential", "thread-pool:2"], isolate=False, **unobserved)

    with pytest.raises(UsageError, match="at least 100 times"):
        measured(max_calls=79)
    assert not calls
    table = measured(max_calls=130, compare=False, precision=0.001).tables[0]
    assert len(calls) <= 130
    assert table.stopped == "calls"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nonsense", "write module:function"),
        ("no_such_module_at_all:f", "no module 'no_such_module_at_all'"),
        ("no/such/file.py:f", "no file no/such/file.py"),
        (f"{FILE}:dubble", "did you mean 'double'"),
        (f"{FILE}:1", "write module:function"),
        (f"{Path(json.__file__).parent / 'tool.py'}:nothing_there", "has no nothing_there"),
    ],
)
def test_a_function_that_is_not_there_is_named(name: str, says: str) -> None:
    """The message says what to do."""
    with pytest.raises(BadFunction, match=says):
        ObjectPath.read(name).load()


REPLACEMENTS = {
    "a_module": "class Lazy(types.ModuleType):\n    def __getattr__(self, name): return kept[name]",
    "an_object": "class Lazy:\n    def __init__(self, name): self.work = kept['work']",
    "all_names": "class Lazy:\n    def __init__(self, _): pass\n    def __getattr__(self, _): return kept['work']",
}
"""A module that puts an object in its own place in sys.modules, which finds its contents on access."""


@pytest.mark.parametrize("replacement", REPLACEMENTS)
@pytest.mark.parametrize("package", [False, True])
def test_a_module_may_replace_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replacement: str, package: bool
) -> None:
    """Lazy loaders do so: the function is found by the name of a module and in a file, again and again."""
    name = f"replaced_{replacement}_{package}"
    file = tmp_path / (f"{name}/__init__.py" if package else f"{name}.py")
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        f"import sys, types\ndef work(item): return 2 * item\nkept = {{'work': work}}\n{REPLACEMENTS[replacement]}\n"
        "sys.modules[__name__] = Lazy(__name__)\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path])
    try:
        for text in (f"{name}:work", f"{name}:work", *([] if package else [f"{file}:work"])):
            assert ObjectPath.read(text, str(tmp_path)).load()(2) == 4
        if replacement == "a_module":
            with pytest.raises(BadFunction, match=f"^wrok of {name} cannot be read: KeyError: 'wrok'"):
                ObjectPath.read(f"{name}:wrok", str(tmp_path)).load()
    finally:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("not_callable", {}, "7, which cannot be called"),
        ("add", {}, "--star"),
        ("nothing", {}, "too many positional"),
        ("double", {"items": None}, "--items"),
        ("add", {"items": [1], "star": True}, "cannot be unpacked"),
        ("add", {"items": [{"one": 1, "other": 2}, (1, 2)], "star": True}, "item 1, .*cannot be unpacked"),
        ("add", {"items": [{"one": 1, "more": 2}], "star": True}, r"with \(one=1, more=2\): .*'other'"),
    ],
)
def test_a_function_that_cannot_be_called_so_is_refused_before_it_is_called(
    name: str, options: dict[str, Any], says: str
) -> None:
    """Its signature decides."""
    with pytest.raises(BadFunction, match=says):
        table_of(name, **options)


def test_twins_contexts_and_checks_can_be_named() -> None:
    """They are named like the function itself."""
    run = measure(
        f"{FILE}:double", items=[1, 2], coroutine=f"{FILE}:double_later", runners=["sequential", "asyncio:2"], rounds=1
    )
    assert [cell.outcome.kind for cell in run.tables[0].cells] == ["ok", "ok"]
