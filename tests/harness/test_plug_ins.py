"""Runners of another package, measured and judged by what they declare."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from concbench import Run, advise, load, measure
from concbench.testing import SimulatedHosts
from concbench.workloads.synthetic import Spin

PLUGINS = Path(__file__).parents[1] / "plugins"
FILE = Path(__file__).parents[1] / "workloads" / "function" / "user_module.py"


@pytest.fixture(autouse=True)
def other_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Act as if the package were installed."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    yield
    sys.modules.pop("other_ways", None)


@pytest.fixture(scope="module")
def race() -> Iterator[Run]:
    """A function that is wrong at once, under runners that share an interpreter and runners that do not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PLUGINS))
        runners = [
            "sequential",
            "crew:4",
            "gangs:4",
            "squads",
            "squads:threads=1",
            "far-away",
            "unnamed:4",
            "strange:4",
        ]
        yield measure(f"{FILE}:race", items=range(12), runners=runners, rounds=1, observe=False)


def test_only_what_shares_an_interpreter_is_called_not_thread_safe(race: Run) -> None:
    """The name does not matter; without declared traits, the message only says that its results differ."""
    cells = {cell.label: cell.outcome for cell in race.tables[0].cells}
    for label in ("crew:4", "gangs:4", "squads"):
        assert cells[label].reason.startswith("not thread-safe: "), (label, cells[label])
    for label in ("unnamed:4", "strange:4", "far-away"):
        assert cells[label].cause == "results"
        assert "thread-safe" not in cells[label].reason
    assert cells["squads:threads=1"].kind == "ok"


def test_what_runs_elsewhere_has_no_cores_and_no_memory(tmp_path: Path) -> None:
    """They cannot be read there; for other processes both are given, without a start method."""
    run = measure(Spin(tasks=8), runners=["sequential", "squads:threads=1", "far-away"], rounds=1)
    run.save(tmp_path / "run.json")
    for one in (run, load(tmp_path / "run.json")):
        spin = one["spin"]
        assert spin["far-away"].cores is None
        assert spin["far-away"].memory is None
        assert spin["squads:threads=1"].cores is not None
        assert spin["squads:threads=1"].memory is not None


def test_a_plug_in_takes_part_in_advice_and_says_what_to_paste(tmp_path: Path) -> None:
    """It has the hooks."""

    def seconds(label: str, _: int) -> float:
        return 0.01 if label.startswith("crew") else 0.1

    items = tmp_path / "items.txt"
    items.write_text("\n".join("abcdefgh"))
    hosts = SimulatedHosts(seconds)
    advice = advise(f"{FILE}:returned", items=list(range(8)), hosts=hosts, seed=1)
    assert advice.recommendation is not None
    assert advice.recommendation.runner.startswith("crew:")
    program = advice.recommendation.snippet
    assert "import other_ways" in program
    path = [str(PLUGINS), str(FILE.parent)]
    code = f"import sys; sys.path[:0] = {path}\nitems = range(8)\n{program}\nprint(results)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(list(range(8)))
