"""A pool of interpreters: planned on every Python, entered if available, and clear about what it cannot run."""

import subprocess
import sys
from pathlib import Path

import pytest

from concbench import InterpreterPool, Primes, Threads, measure
from concbench.advice.snippet import snippet
from concbench.cli.main import main
from concbench.errors import Inapplicable
from concbench.harness.planning.runner_specs import default_runners, parse
from concbench.harness.search.candidates import RaceField
from concbench.runners.look import Look
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.facts import FunctionFacts
from concbench.workloads.function.lookup import ObjectPath
from concbench.workloads.function.workload import FunctionWorkload

NEW, OLD = (3, 14), (3, 13)
entered = pytest.mark.skipif(sys.version_info < NEW, reason="this Python has no pool of interpreters")

MODULE = """
from concurrent import interpreters
if interpreters.get_current() != interpreters.get_main():
    raise {error}

def double(item):
    return twice * item

twice = 2
"""
BESIDE = """
import sys

def modules(item):
    return [name for name in sys.modules if item in name]
"""


def test_it_is_planned_on_a_python_that_does_not_have_it() -> None:
    """Its settings are read and refused like those of any other."""
    cell = parse("interpreter-pool:workers=3,chunksize=4")
    assert cell.settings == {"workers": 3, "chunksize": 4}
    assert cell.traits.isolates


def test_it_takes_part_by_default_where_there_is_one() -> None:
    """The interpreter that does the work decides."""
    assert {*default_runners(NEW)} - {*default_runners(OLD)} == {"interpreter-pool"}
    for python, computes, expected in ((NEW, True, ["interpreter-pool:2"]), (NEW, False, []), (OLD, True, [])):
        look = Look(50, 0.1, computes, not computes, awaitable=False, cores=2, python=python)
        assert [cell.label for cell in RaceField(look).candidates if cell.name == "interpreter-pool"] == expected


class Newer(Threads):
    """A runner of a future Python."""

    needs = (9, 1)


def test_a_runner_that_this_python_lacks_says_which_has_it() -> None:
    """It says so before anything is timed; the others are measured."""
    run = measure(Primes(limits=[30, 20]), runners=["sequential", Newer()], rounds=1, isolate=False)
    first, second = (cell.outcome for cell in run.tables[0].cells)
    assert (first.kind, second.kind) == ("ok", "inapplicable")
    assert second.reason == f"it needs Python 9.1, but this is {'.'.join(map(str, sys.version_info[:3]))}"


@pytest.mark.skipif(sys.version_info >= NEW, reason="this Python has a pool of interpreters")
def test_alone_it_says_so_too_and_so_does_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    """There is one line."""
    with pytest.raises(Inapplicable, match=r"^it needs Python 3\.14, but this is 3"), InterpreterPool():
        pass
    assert main(["list"]) == 0
    assert "\n  interpreter-pool: it needs Python 3.14, but this is 3" in capsys.readouterr().out


@entered
@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        (
            "picky",
            'ImportError("module fancy._core does not support loading in subinterpreters")',
            "it imports fancy._core, which does not load in a subinterpreter; use process-pool instead",
        ),
        (
            "proud",
            'LookupError("not here")',
            "it cannot be loaded in a subinterpreter (LookupError: not here); use process-pool instead",
        ),
    ],
)
def test_a_module_that_does_not_load_in_another_interpreter_is_named(
    name: str, error: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has run."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / f"{name}.py").write_text(MODULE.format(error=error))
    run = measure(f"{name}:double", items=[1, 2], runners=["sequential", "interpreter-pool:2"], rounds=1)
    first, second = run.tables[0].cells
    assert first.outcome.kind == "ok"
    assert (second.outcome.kind, second.outcome.reason, second.samples) == ("inapplicable", says, [])


@entered
@pytest.mark.parametrize("chunksize", [1, 2])
def test_a_program_to_paste_finds_a_module_that_is_elsewhere(chunksize: int, tmp_path: Path) -> None:
    """A new interpreter does not have the import path that the program has extended."""
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "far_off.py").write_text("twice = 2\ndef double(item):\n    return twice * item\n")
    place = ObjectPath.read(f"{tmp_path / 'far' / 'far_off.py'}:double")
    workload = FunctionWorkload(place, CallForm(), FunctionFacts.of(abs, [1, 2, 3]), items=[1, 2, 3])
    program = tmp_path / "pasted.py"
    program.write_text(f"{snippet(workload.call(2), InterpreterPool(2, chunksize))}\n    print(results)\n")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("[2, 4, 6]\n", "")


@entered
def test_interpreters_find_what_this_process_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path is that of the moment when they start, and only the modules that a worker needs are imported there."""
    (tmp_path / "beside_it.py").write_text(BESIDE)
    monkeypatch.syspath_prepend(str(tmp_path))
    import beside_it  # type: ignore[import-not-found]

    with InterpreterPool(workers=1) as runner:
        assert runner.run(beside_it.modules, ["concbench"]) == [["concbench", "concbench.task"]]
