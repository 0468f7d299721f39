"""A host in another interpreter: its own import path, only our package from ours, and the same in its workers."""

from __future__ import annotations

import json
import os
import sys
import venv
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from concbench import measure
from concbench.cli.main import main
from concbench.errors import BadSetting
from concbench.interpreters import probe_interpreter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links to interpreters")

MODULE = """
import importlib.util, json, os, sys

class Kept:
    def __init__(self, value):
        self.value = value
    def __eq__(self, other):
        return self.value == other.value

if "two" in sys.prefix:
    class Own(Kept):
        pass

def tell(folder):
    seen = {
        "executable": sys.executable,
        "installed": [name for name in ("numpy", "psutil", "rich", "pytest") if importlib.util.find_spec(name)],
        "ours": os.listdir(os.path.dirname([*importlib.util.find_spec("concbench").submodule_search_locations][0])),
        "seed": hash("a text"),
        "mode": os.environ.get("MODE"),
        "flags": [sys.flags.optimize, sys.flags.dev_mode],
    }
    with open(os.path.join(folder, f"{os.getpid()}.json"), "w") as file:
        json.dump(seen, file)
    return Kept(len(folder))

def own(item):
    return Own(item) if "two" in sys.prefix else item

def where(item):
    return os.path.basename(sys.prefix)

def not_in_one(item):
    import threading
    if "one" in sys.prefix:
        raise RuntimeError("not here")
    return threading.current_thread() is threading.main_thread()
"""


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("environments")
    for name in ("one", "two"):
        venv.create(folder / name, with_pip=False, symlinks=True)
    return [str(folder / name) for name in ("one", "two")]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The user's module, found like that of a program beside it."""
    (tmp_path / "told.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return "told"


def run_under(environments: list[str], function: str, item: str, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the table of a run."""
    Path("items.txt").write_text(f"{item}\n")
    code = main([
        "run", f"told:{function}", "--items", "items.txt", "--python", ",".join(environments), "--no-observe",
        "--rounds", "1", "-o", "run.json", *options,
    ])  # fmt: skip
    return code, json.loads(Path("run.json").read_text())["tables"][0] if Path("run.json").exists() else {}


def test_it_has_the_import_path_of_its_own_interpreter(environments: list[str], module: str, tmp_path: Path) -> None:
    """Its workers have it, too, however they start; our flags do not reach them, and the hash seed does."""
    (tmp_path / "seen").mkdir()
    runners = [part for method in ("spawn", "forkserver") for part in ("-r", f"process-pool:1,start_method={method}")]
    code, table = run_under(environments[:1], module and "tell", str(tmp_path / "seen"), "--env", "MODE=x", *runners)
    assert code == 0
    assert [cell["outcome"]["kind"] for cell in table["cells"]] == ["ok", "ok"]
    seen = [json.loads(path.read_text()) for path in (tmp_path / "seen").iterdir()]
    assert len(seen) >= 3
    assert {one["executable"] for one in seen} == {f"{environments[0]}/bin/python"}
    assert {tuple(one["installed"]) for one in seen} == {()}
    assert {tuple(one["ours"]) for one in seen} == {("concbench",)}
    assert {one["mode"] for one in seen} == {"x"}
    assert len({one["seed"] for one in seen}) == 1


def test_results_that_differ_between_interpreters_end_the_cells_of_the_other(
    environments: list[str], module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are steady in each interpreter, so the thread is not to blame."""
    _, table = run_under(environments, module and "where", "1", "--rounds", "2", "-r", "sequential", "-r", "threads")
    kinds = [(cell["outcome"]["kind"], cell["outcome"]["cause"]) for cell in table["cells"]]
    assert kinds == [("ok", "")] * 2 + [("failed", "variant")] * 2
    assert "not thread-safe" not in capsys.readouterr().out


def test_what_one_cannot_read_of_the_other_is_compared_within_each(environments: list[str], module: str) -> None:
    one, two = environments
    _, table = run_under([two, one], module and "own", "1", "-r", "sequential", "-r", "threads")
    assert [cell["outcome"]["kind"] for cell in table["cells"]] == ["ok"] * 4
    (note,) = [note for note in table["notes"] if "compared only with each other" in note]
    assert "Own" in note


def test_a_function_that_is_given_is_found_there_too(
    environments: list[str], module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    told = __import__(module)
    run = measure(told.tell, items=[str(tmp_path)], runners=["sequential"], python=environments[:1], rounds=1)
    assert run.ok
    monkeypatch.delitem(sys.modules, module)


def test_what_the_user_s_function_needs_and_is_not_there_is_named(
    environments: list[str], module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is a sentence if the first interpreter lacks it, and rows if a later one does."""
    Path(f"{module}.py").write_text("import sys\nif 'two' in sys.prefix:\n    import nothing_like_it\n" + MODULE)
    one, two = environments
    code, _ = run_under([two, one], "where", "1", "-r", "sequential")
    assert code == 2
    error = capsys.readouterr().err
    assert "No module named 'nothing_like_it'" in error
    assert f"under {two}, told cannot be imported" in error
    code, table = run_under([one, two], "where", "1", "-r", "sequential")
    assert code == 1
    assert "nothing_like_it" in table["cells"][1]["outcome"]["reason"]


def test_where_the_first_fails_the_others_are_compared_with_each_other(environments: list[str], module: str) -> None:
    """The fault there is found."""
    code, table = run_under(environments, module and "not_in_one", "1", "-r", "sequential", "-r", "threads")
    assert code == 1
    outcomes = [cell["outcome"] for cell in table["cells"]]
    assert [one["kind"] for one in outcomes] == ["failed", "failed", "ok", "failed"]
    assert table["checked"] == "sequential"
    assert outcomes[3]["cause"] == "thread"
    (note,) = [note for note in table["notes"] if "not here" in note]
    one, two = environments
    assert note.startswith(f"Results were compared with those under {two}, since")
    assert one in note


def test_a_runner_whose_package_is_not_there_is_told_how_to_install_it(environments: list[str], module: str) -> None:
    pytest.importorskip("joblib")
    code, table = run_under(environments[1:], module and "where", "1", "-r", "sequential", "-r", "joblib:1")
    assert code == 0
    lacking = table["cells"][1]["outcome"]
    assert (lacking["kind"], lacking["cause"]) == ("inapplicable", "lacking")
    assert lacking["reason"] == f"it needs joblib: {environments[1]}/bin/python -m pip install joblib"


def test_what_an_interpreter_prints_as_it_starts_is_in_nobody_s_way(
    tmp_path_factory: pytest.TempPathFactory, module: str
) -> None:
    """It comes from the measuring process or from workers, on either stream."""
    folder = tmp_path_factory.mktemp("talks") / "talks"
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/*/site-packages")
    talks = r"""import os; os.write(1, b'{"ok": 1}\n' * 99); os.write(2, b'hello\n')"""
    (packages / "talks.pth").write_text(f"{talks}\n")
    runners = ["-r", "sequential", "-r", "process-pool:1,start_method=spawn"]
    code, table = run_under([str(folder)], module and "where", "1", *runners)
    assert code == 0
    assert [cell["outcome"]["kind"] for cell in table["cells"]] == ["ok", "ok"]


@pytest.fixture(scope="module")
def another() -> str:
    """An interpreter of another version, from CONCBENCH_OTHER_PYTHON or the PATH."""
    for named in (os.environ.get("CONCBENCH_OTHER_PYTHON", ""), "python3.14", "python3.13", "python3.12"):
        with suppress(BadSetting):  # that of a shim that starts none, for one
            if named and probe_interpreter(named).version != sys.version.split()[0]:
                return named
    pytest.skip("no interpreter of another version on the PATH, nor in CONCBENCH_OTHER_PYTHON")


def test_another_version_measures_what_this_one_planned(environments: list[str], another: str, module: str) -> None:
    code, table = run_under(
        [environments[0], another], module and "own", "1", "-r", "sequential", "-r", "process-pool:1"
    )
    assert code == 0
    assert len({cell["interpreter"]["python"] for cell in table["cells"]}) == 2
