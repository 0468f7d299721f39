"""A program to paste runs unchanged, and gives the measured results."""

import ast
import asyncio
import copyreg
import functools
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from concbench.advice.snippet import snippet
from concbench.errors import UsageError
from concbench.harness.planning.runner_specs import default_runners, parse
from concbench.program import Program
from concbench.registry import EXTRAS, ON_REQUEST
from concbench.runners.thread_pool import ThreadPool
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.workload import FunctionWorkload

FORMS = Path(__file__).with_name("forms.py")
IN_ONE_PROCESS = "sequential threads thread-pool:2 batched-threads:2 to-thread:2 asyncio:2"
FORKED = "process-pool:workers=2,chunksize=2,start_method=fork"
IMPORTED = "process-pool:2 mp-pool:2 processes"
if "interpreter-pool" in default_runners():
    IMPORTED += " interpreter-pool:2 interpreter-pool:workers=2,chunksize=2"
if find_spec("joblib"):
    IN_ONE_PROCESS += " joblib:workers=2,backend=threading,batch_size=2"
    IMPORTED += " joblib:2"
IMPORTS = Path(__file__).parents[2]

MAIN = """
import functools, re, sys
from concbench.advice.snippet import snippet
from concbench.harness.planning.runner_specs import parse
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.workload import FunctionWorkload

results = [10, 20, 30]
threads = 2
texts = ["x" * 300, "y" * 300, "z" * 300]
items = "of the user's"

def work(place):
    return helper(place) if place else call(1)

def helper(item):
    return results[item]

def call(n):
    return 5 if n == 0 else call(n - 1)

def list(item):
    return work(item)

class Tool:
    def times(self, item):
        return threads * work(item)

async def pool(item):
    return work(item)

tool = Tool()
partly = functools.partial(work)
one = lambda item: work(item)
FORMS = [(function, [1, 2, 0], [20, 30, 5]) for function in (work, list, pool, partly, one)]
FORMS += [(tool.times, [1, 2, 0], [40, 60, 10]), (len, texts, [300, 300, 300])]

for function, given, expected in FORMS:
    for spec in ("sequential", "threads", "thread-pool:2", "asyncio:2")[: 4 if function is pool else 3]:
        text = snippet(FunctionWorkload.of(function, given, CallForm()).call(2), parse(spec).runner)
        before = {**globals()}
        exec(compile(text, "pasted", "exec"), globals())
        found = globals()[re.findall("results[_0-9]*", text)[0]]
        changed = [name for name in before if globals()[name] is not before[name] and name not in ("before", "found")]
        if [*found] != expected or changed:
            print(spec, text, found, changed)
"""


def run(directory: Path, *arguments: str) -> str:
    """The output of a program in the user's directory."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        capture_output=True,
        text=True,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(IMPORTS)},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.parametrize("runners", [IN_ONE_PROCESS, FORKED, IMPORTED], ids=["in one process", "forked", "imported"])
def test_every_form_gives_what_is_measured(tmp_path: Path, runners: str) -> None:
    """The forms cover kinds of functions, ways of calling, sources of items, layouts, and names that programs use."""
    if "start_method=fork" in runners and sys.platform == "win32":
        pytest.skip("there is no fork")
    directory = tmp_path / "it's the user's"
    directory.mkdir()
    said = run(directory, str(FORMS), *runners.split())
    assert said.endswith(" programs\n")
    assert said.count("\n") == 1, said


class RefusedError(Exception):
    """Cannot be unpickled: its constructor takes other arguments than those that it stores."""

    def __init__(self, answer: dict[str, str]) -> None:
        super().__init__(answer["reason"])


def refuse(item: int) -> int:
    if item == 2:
        raise RefusedError({"reason": "no 2"})
    return item


def test_exceptions_that_another_process_cannot_read_are_results_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would break a pool; threads return them unchanged."""
    monkeypatch.delitem(copyreg.dispatch_table, RefusedError, raising=False)  # where Dask has been imported, tblib's
    found = {}
    other = "executor:2,target=concurrent.futures:ProcessPoolExecutor"
    for spec in ("process-pool:2", "mp-pool:2", other, "thread-pool:2"):
        names: dict[str, Any] = {"__name__": "imported"}
        text = snippet(FunctionWorkload.of(refuse, [1, 2], CallForm(tolerate=True)).call(2), parse(spec).runner)
        exec(compile(text.partition("with ThreadPool")[0], "pasted", "exec"), names)
        found[spec] = names["call"](2)
        assert names["call"](1) == 1
    assert type(found.pop("thread-pool:2")) is RefusedError
    for error in found.values():
        assert repr(pickle.loads(pickle.dumps(error))) == """RuntimeError("RefusedError('no 2')")"""


made_ready: list[int] = []


def get_ready() -> None:
    made_ready.append(threading.get_ident())


@pytest.mark.parametrize("spec", ["joblib:2", "dask:2"])
def test_a_function_that_is_sent_by_value_makes_a_worker_ready_once(spec: str) -> None:
    """Anything defined beside it is new with each task, and must be possible to send."""
    cloudpickle = pytest.importorskip("cloudpickle")
    try:
        runner = parse(spec).runner
    except UsageError as missing:
        pytest.skip(str(missing))
    names: dict[str, Any] = {"__name__": "nowhere"}
    exec(
        compile(
            snippet(FunctionWorkload.of(abs, [1], CallForm(initializer=get_ready)).call(1), runner), "pasted", "exec"
        ),
        names,
    )
    tasks = [cloudpickle.dumps(names["initialized"]) for _ in range(2)]
    made_ready.clear()
    worker = threading.Thread(target=lambda: [pickle.loads(task)(-1) for task in tasks])
    worker.start()
    worker.join()
    assert len(made_ready) == 1


def test_items_are_given_a_name_once() -> None:
    """A list is not copied into another list."""
    for spec in IN_ONE_PROCESS.split():
        text = snippet(FunctionWorkload.of(len, ["x" * 30, "y" * 30], CallForm()).call(2), parse(spec).runner)
        assert text.count("items = ") == 1, text


def test_the_forms_are_those_of_every_runner() -> None:
    """A new runner must be added to the forms."""
    tried = f"{IN_ONE_PROCESS} {FORKED} {IMPORTED}".split()
    missing = {name for name, package in EXTRAS.items() if not find_spec(package)}
    elsewhere = {"dask", "executor"}  # the tests of these runners run their programs
    assert {parse(spec).name for spec in tried} == {*default_runners(), *ON_REQUEST} - missing - elsewhere


def test_a_program_that_is_added_to_the_main_program_changes_nothing_there(tmp_path: Path) -> None:
    """Its names are not those on which the function depends, nor those that it redefines."""
    (tmp_path / "main.py").write_text(MAIN)
    assert run(tmp_path, "main.py") == ""


class Secret:
    """Has no name, and a repr of several lines."""

    def __repr__(self) -> str:
        return "a\nsecret"

    def __call__(self, item: int) -> int:
        return item

    def method(self, item: int) -> int:
        return item


def nested() -> Callable[[int], int]:
    def inner(item: int) -> int:
        return item

    return inner


def double(item: Any) -> Any:
    return item * 2


@pytest.mark.parametrize(
    "function",
    [
        lambda item: item,
        nested(),
        Secret(),
        Secret().method,
        functools.partial(max, Secret()),
        functools.partial(functools.partial(max, 1).func, [*range(1_000)]),
    ],
    ids=["lambda", "nested", "object", "method", "partial", "long"],
)
def test_a_function_that_cannot_be_written_is_left_to_be_filled_in(function: Callable[[Any], Any]) -> None:
    """A comment says what was measured, and nothing is computed before it is filled in."""
    text = snippet(FunctionWorkload.of(function, [1, 2], CallForm()).call(2), ThreadPool(2))
    assert "\n# Write the measured function here: " in text
    with pytest.raises(TypeError, match="ellipsis"):
        exec(compile(text, "pasted", "exec"), {})
    scope: dict[str, Any] = {"double": double}
    exec(compile(text.replace("function = ...", "function = double"), "pasted", "exec"), scope)
    assert scope["results"] == [2, 4]


@pytest.mark.parametrize("items", [[Secret()], ["x" * 300], [1.5] * 10_000, [float("nan"), 1.0], [(1, {2: Secret()})]])
def test_items_that_cannot_be_written_are_left_to_be_filled_in(items: list[Any]) -> None:
    """The comment gives the number of items, and the first of them."""
    text = snippet(FunctionWorkload.of(double, items, CallForm()).call(2), ThreadPool(2))
    (comment,) = [line for line in text.splitlines() if line.startswith("# Write the ")]
    assert "the measured item here" in comment if len(items) == 1 else f"{len(items):,} measured items" in comment
    with pytest.raises(TypeError, match="ellipsis"):
        exec(compile(text, "pasted", "exec"), {})
    scope: dict[str, Any] = {}
    exec(compile(text.replace("items = ...", "items = [7, 8]"), "pasted", "exec"), scope)
    assert scope["results"] == [14, 16]


def test_where_an_event_loop_runs_the_program_says_how_it_is_used() -> None:
    """In a notebook, for example, asyncio.run cannot be called."""

    async def within() -> str:
        return snippet(FunctionWorkload.of(asyncio.sleep, [0, 0], CallForm()).call(2), parse("asyncio:2").runner)

    text = asyncio.run(within())
    (line,) = [line for line in text.splitlines() if line.startswith("results = ")]
    assert line == "results = asyncio.run(work([0, 0]))  # in a notebook: results = await work([0, 0])"
    assert "notebook" not in snippet(
        FunctionWorkload.of(asyncio.sleep, [0, 0], CallForm()).call(2), parse("asyncio:2").runner
    )


def test_a_runner_that_writes_something_else_than_python_is_used_itself() -> None:
    """The printed program always runs."""

    class Careless(ThreadPool):
        def program(self, call: Any) -> Program:
            return call.program("results = [", imports=["import json"])  # type: ignore[no-any-return]

    Careless.__qualname__ = "Careless"
    text = snippet(FunctionWorkload.of(double, [1, 2], CallForm()).call(2), Careless(2))
    ast.parse(text)
    assert "with Careless(workers=2) as runner:" in text
