"""What is to be pasted runs as it stands and gives the right results."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from concbench.advice.snippet import snippet
from concbench.harness.runner_specs import default_runners, parse
from concbench.workloads.facts import Facts
from concbench.workloads.how import How
from concbench.workloads.imported import Imported
from concbench.workloads.item_source import ItemSource
from concbench.workloads.loading import Place

APP = """
import asyncio

def double(item):
    return item * 2

def add(one, other):
    return one + other

def seven():
    return 7

async def double_later(item):
    await asyncio.sleep(0)
    return item * 2

class Tool:
    @staticmethod
    def double(item):
        return item * 2

numbers = [1, 2, 3]

def more_numbers():
    yield from numbers
"""
SPECS = [*default_runners(), "process-pool:workers=2,chunksize=2", "process-pool:workers=2,start_method=spawn"]
DOUBLES = "[2, 4, 6]"


def results_of(app: Path, call: Imported, spec: str) -> str:
    """What a pasted program prints, with one line more."""
    cell = parse(spec)
    text = snippet(call.call(2), cell.runner)
    ast.parse(text)
    program = app / "pasted.py"
    program.write_text(f'{text}\nif __name__ == "__main__":\n    print(results)\n')
    done = subprocess.run(
        [sys.executable, program.name], capture_output=True, text=True, cwd=app, timeout=60, check=False
    )
    assert done.returncode == 0, f"{text}\n{done.stderr}"
    return done.stdout.strip()


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "items.txt").write_text("a\n\nb\n")
    (tmp_path / "items.json").write_text("[1, 2, 3]")
    (tmp_path / "pairs.jsonl").write_text("[1, 1]\n[2, 2]\n[3, 3]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def workload(function: str, items: str, tasks: int = 3, *, called: bool = False, how: How | None = None) -> Imported:
    facts = Facts(tasks, function.endswith("later"), changing=False, elsewhere=False, items_called=called)
    return Imported(Place.read(function), how or How(), facts, source=ItemSource(items, limit=None))


@pytest.mark.parametrize("spec", SPECS)
def test_every_runner_has_a_program_that_runs(app: Path, spec: str) -> None:
    """A coroutine function for asyncio, an ordinary one for the others."""
    function = "app:double_later" if spec == "asyncio" else "app:double"
    assert results_of(app, workload(function, "1..3"), spec) == DOUBLES


@pytest.mark.parametrize("spec", ["sequential", "thread-pool:2", "process-pool:2"])
@pytest.mark.parametrize(
    ("call", "prints"),
    [
        (lambda: workload("app:Tool.double", "app:numbers"), DOUBLES),
        (lambda: workload("app:double", "app:more_numbers", called=True), DOUBLES),
        (lambda: workload("./app.py:double", "items.json"), DOUBLES),
        (lambda: workload("app:double", "items.txt", 2), "['aa', 'bb']"),
        (lambda: workload("app:add", "pairs.jsonl", how=How(star=True)), DOUBLES),
        (lambda: workload("app:seven", "", how=How(arguments=False)), "[7, 7, 7]"),
        (lambda: workload("app:double_later", "app:numbers"), DOUBLES),
    ],
)  # fmt: skip
def test_every_way_of_calling_has_one(app: Path, spec: str, call: object, prints: str) -> None:
    """Methods, generators, files, several arguments, none, coroutine functions without an event loop."""
    assert callable(call)
    assert results_of(app, call(), spec) == prints
