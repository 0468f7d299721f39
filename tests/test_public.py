"""The public names, the cost of importing them, and their behaviour in scripts and notebooks."""

import _thread
import asyncio
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import concbench
from concbench import Asyncio, MeasureOptions, Primes, Run, Runner, Sequential, ThreadPool, advise, measure
from concbench.errors import UsageError
from concbench.testing import SimulatedHosts
from concbench.workloads.products import product_of_primes


def python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_public_name_is_there() -> None:
    """dir() lists it."""
    for name in concbench.__all__:
        assert getattr(concbench, name)
        assert name in dir(concbench)
    with pytest.raises(AttributeError, match="nonsense"):
        concbench.nonsense  # noqa: B018


@pytest.mark.parametrize("asked", [measure, advise])
def test_a_current_directory_that_was_removed_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: Any
) -> None:
    """Nothing is found from there, and no process can start there."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UsageError, match="current directory was removed; change to one that exists"):
        asked("primes")


@pytest.mark.parametrize("asked", [measure, advise])
@pytest.mark.parametrize("replaced", [_thread, socket, select, time, subprocess, os])
@pytest.mark.parametrize("by", ["gevent.thread", "eventlet.green.thread"])
def test_a_program_whose_threads_have_been_replaced_is_refused(
    monkeypatch: pytest.MonkeyPatch, asked: Any, replaced: Any, by: str
) -> None:
    """It would wait for ever, and no timeout would end that."""
    names = {_thread: "start_new_thread", socket: "socket", select: "select", time: "sleep", os: "fork"}
    green = type("Green", (), {"__module__": by})
    with monkeypatch.context() as patched:
        patched.setattr(replaced, names.get(replaced, "Popen"), green)
        with pytest.raises(UsageError, match=f"^{by.partition('.')[0]} has replaced .*python -m concbench$"):
            asked("primes")


def test_importing_concbench_imports_nothing_of_others() -> None:
    """It imports little of the standard library either."""
    code = (
        "import sys; before = set(sys.modules); import concbench; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(*sorted(new - set(sys.stdlib_module_names)))"
    )
    assert python(code) == "concbench"


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        (
            "concbench.host.host_process",
            {"numpy", "rich", "aiohttp", "urllib3", "psutil", "asyncio", "concbench.results.records"},
        ),
        ("concbench.api", {"numpy", "rich", "aiohttp", "urllib3", "psutil", "asyncio", "concbench.results.records"}),
        ("concbench.workloads.download.client", {"numpy", "rich", "aiohttp", "psutil", "asyncio"}),
        ("concbench.workloads.download.async_client", {"numpy", "rich", "urllib3", "psutil"}),
        ("concbench.workloads.download.workload", {"numpy", "rich", "aiohttp", "urllib3", "psutil", "asyncio"}),
        ("concbench.workloads.primes", {"numpy", "rich", "aiohttp", "urllib3", "psutil", "asyncio"}),
        ("concbench.testing", {"numpy", "rich", "aiohttp", "urllib3", "psutil", "asyncio"}),
        ("concbench.cli.main", {"numpy", "rich", "aiohttp", "urllib3", "psutil", "asyncio"}),
        ("concbench.report.document", {"rich", "aiohttp", "urllib3", "psutil", "asyncio"}),
        ("concbench.report.formats.markdown", {"rich", "aiohttp", "urllib3", "psutil", "asyncio"}),
    ],
)
def test_what_a_worker_imports_is_what_its_function_needs(module: str, unwanted: set[str]) -> None:
    """An import that a spawned worker does not need would be part of what is measured.

    That holds for the module of a function as well, which may import measure() and advise().
    """
    loaded = set(python(f"import sys, {module}; print(*sys.modules)").split())
    assert not loaded & unwanted


def test_runners_work_alone() -> None:
    """They work as in the first lines of the README."""
    with ThreadPool(workers=4) as runner:
        assert runner.run(product_of_primes, [10, 20]) == [210, 9_699_690]


def test_a_script_without_a_main_guard_works(tmp_path: Path) -> None:
    """Its top level runs once, whatever the start method."""
    script = tmp_path / "script.py"
    script.write_text(
        "from concbench import Primes, measure\n"
        "print('top level')\n"
        "run = measure(Primes(limits=[100, 50]), runners=['sequential', 'process-pool:2'], rounds=1)\n"
        "print([cell.outcome.kind for cell in run.tables[0].cells])\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("top level\n['ok', 'ok']\n", "")


def test_measuring_works_inside_an_event_loop() -> None:
    """A notebook is an example; both processes and this process can be used."""

    async def notebook() -> list[str]:
        runners: list[Runner] = [Sequential(), ThreadPool(workers=2), Asyncio(workers=2)]
        kinds: list[str] = []
        for isolate in (True, False):
            run = measure(Primes(limits=[100, 50]), runners=runners, isolate=isolate, rounds=1)
            kinds += [cell.outcome.kind for cell in run.tables[0].cells]
        return kinds

    assert asyncio.run(notebook()) == ["ok", "ok", "inapplicable"] * 2


def test_downloads_can_be_measured_in_process() -> None:
    """This includes the coroutine, inside an event loop or not."""
    work = concbench.Download(images=4, latency=0.001, image_size=4_000)
    run = measure(work, runners=[Sequential(), ThreadPool(), Asyncio()], isolate=False, rounds=1)
    assert [cell.outcome.kind for cell in run.tables[0].cells] == ["ok", "ok", "ok"]


def test_a_saved_run_is_loaded_as_it_was(tmp_path: Path) -> None:
    """The public names are used."""
    run = measure(Primes(limits=[100]), runners=["sequential"], rounds=1)
    run.save(tmp_path / "run.json")
    assert concbench.load(tmp_path / "run.json") == run


def same(item: int) -> int:
    return item


def one() -> int:
    return 1


async def later() -> AsyncIterator[int]:
    yield 1


class Frame:
    """Just enough of a data frame to be recognised as one."""

    columns, shape = ("name", "city"), (3, 2)

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)


class PolarsFrame(Frame):
    def to_dicts(self) -> None: ...


class ArrowTable(Frame):
    def to_pylist(self) -> None: ...


def simulated() -> SimulatedHosts:
    return SimulatedHosts(lambda *_: 0.01)


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ("urls.txt", "each character would be an item: write ['urls.txt'] for one item, or Path"),
        (b"abc", "write [data] for one item"),
        (bytearray(b"abc"), "write [data] for one item"),
        ({"Oslo": 1}, "each key would be an item: write list(d.items())"),
        (Frame(), 'each column would be an item: write df.to_dict("records"), or list(df.itertuples(index=False))'),
        (PolarsFrame(), "each column would be an item: write df.to_dicts()"),
        (ArrowTable(), "each column would be an item: write table.to_pylist()"),
        (Path("urls.txt"), "write path.read_text().splitlines() for its lines, or [path]"),
        (5, "write range(5) for so many, or [5] for one item"),
        (1.5, "1.5, which is not a list of items"),
        (later, "was not called"),
        (later(), "write [item async for item in items]"),
        (object, "was not called"),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
def test_items_that_would_be_something_else_are_refused(items: Any, says: str) -> None:
    """Letters, keys and column names are never meant; the message says what to write."""
    for ask in (measure, advise):
        with pytest.raises(UsageError) as refused:
            ask(same, items=items, hosts=simulated())
        assert says in str(refused.value)


@pytest.mark.parametrize(
    "items", [[1], (1,), {1}, range(1), {1: 2}.keys(), iter([1])], ids=lambda value: type(value).__name__
)
def test_whatever_gives_items_is_taken(items: Any) -> None:
    """It is read once, in its order."""
    (table,) = measure(same, items=items, hosts=simulated(), runners=["sequential"], rounds=1).tables
    assert table.tasks == 1


ITEMS: dict[str, Any] = {"items": [1, 2]}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"runners": "thread-pool:2"}, "write runners=['thread-pool:2']"),
        ({"runners": ThreadPool(2)}, "write runners=[ThreadPool(workers=2)]"),
        ({"runners": []}, "no runners"),
        ({"isolate": True, "hosts": simulated()}, "isolate and hosts exclude each other"),
        ({"isolate": False, "hosts": simulated()}, "isolate and hosts exclude each other"),
        ({"isolate": False, "timeout": 5}, "timeout needs processes"),
        ({"isolate": False, "memory_limit": 10**9}, "memory_limit needs processes"),
        ({"isolate": False, "fresh": True}, "fresh needs processes"),
        ({"repeat": 3}, "repeat and items exclude each other"),
        ({"check": same, "compare": False}, "check and compare=False exclude each other"),
        ({"max_workers": 0}, "max_workers must be 1 or more, not 0"),
        ({"arguments": False}, "'arguments' is not one of them"),
        ({"max_round": 3}, "measure() has the options baseline, budget, check"),
        ({"resume": "run.json"}, "write resume=load('run.json')"),
        ({"baseline": ThreadPool(2)}, "baseline must be a string such as 'thread-pool:2', not ThreadPool"),
        ({"items": None, "star": True}, "there are none: give items"),
        ({"items": None, "repeat": 0}, "repeat must be 1 or more, not 0"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_an_option_that_would_be_ignored_is_refused(options: dict[str, Any], says: str) -> None:
    """The message says what to leave out, or to write instead."""
    with pytest.raises(UsageError) as refused:
        measure(same, **{**ITEMS, **options})
    assert says in str(refused.value)


def test_what_only_processes_can_keep_is_refused_for_a_function_that_none_can_import() -> None:
    """The message has the reason why everything is measured in this process."""
    options: tuple[MeasureOptions, ...] = ({"timeout": 10**9}, {"memory_limit": 10**9})
    for option in options:
        with pytest.raises(UsageError, match=f"{next(iter(option))} needs processes, .*cannot be sent"):
            measure(lambda item: item, items=[1], **option)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("rounds", 5, "give max_rounds or budget instead"),
        ("precision", 0.1, "leave out precision"),
        ("baseline", "thread-pool:2", "compares with sequential"),
        ("runners", ["threads"], "chooses the runners by itself"),
        ("resume", 1, "leave out resume"),
        ("budgte", 5, "advise() has the options budget, check, compare"),
        ("isolate", False, "isolate and hosts exclude each other"),
        ("repeat", 2, "repeat and items exclude each other"),
    ],
)
def test_advise_refuses_what_the_race_decides(option: str, value: Any, says: str) -> None:
    """It refuses options of measure() that it would ignore; an option that is None counts as not given."""
    with pytest.raises(UsageError) as refused:
        advise(same, items=range(20), hosts=simulated(), **{option: value})
    assert says in str(refused.value)
    assert "rounds=" not in str(refused.value)
    if option in {"rounds", "precision", "baseline"}:
        left_out: dict[str, Any] = {option: None}
        assert advise(same, items=range(20), hosts=simulated(), compare=False, **left_out).recommendation


def test_runners_that_can_be_read_once_are_measured_in_every_table() -> None:
    """A generator is an iterable like any other."""
    specs = (spec for spec in ("sequential", "threads"))
    run = measure("sleep", "spin", runners=specs, hosts=simulated(), rounds=1)  # type: ignore[arg-type]
    assert [len(table.cells) for table in run.tables] == [2, 2]


def test_a_cell_that_is_not_there_is_not_invented() -> None:
    """The nearest label is named, or else all of them."""
    run: Run = measure(one, runners=["sequential", "thread-pool:2"], hosts=simulated(), rounds=1)
    (table,) = run.tables
    assert table.cell("thread-pool:2").workers == 1
    with pytest.raises(KeyError, match="no cell 'thread-pol:2'; did you mean 'thread-pool:2'"):
        table.cell("thread-pol:2")
    with pytest.raises(KeyError, match="known: sequential, thread-pool:2"):
        table.cell("zzz")


def test_a_baseline_that_fails_after_rounds_is_no_answer_and_no_success() -> None:
    """This holds for any times of the others."""
    hosts = SimulatedHosts({"sequential": [0.01, 0.01, 0.01, ValueError("burst")], "threads": [0.005]})
    run = measure(same, items=[1, 2], runners=["sequential", "threads"], hosts=hosts, compare=False)
    assert not run.ok
    assert "No answer: there is nothing to compare with, since sequential failed after 2 rounds" in " ".join(
        str(run).split()
    )
