"""Named interpreters: known by their own answer, or refused in a sentence; nothing is left behind."""

from __future__ import annotations

import os
import sys
import venv
from pathlib import Path

import psutil
import pytest

from concbench import interpreters
from concbench.cli.main import main
from concbench.errors import BadSetting
from concbench.interpreters import Interpreter, probe_interpreter
from concbench.variants import module_directories, variants_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs are shell scripts here")

OLD = '{"implementation": "cpython", "numbers": [3, 9, 2], "version": "3.9.2"}'
SPOILT = {
    "echo": ('echo "$@"', "is not a Python interpreter"),
    "silent": ("exit 0", "is not a Python interpreter"),
    "broken": ("echo 'Fatal Python error: no encodings' >&2; exit 1", "cannot start: .*no encodings"),
    "old": (f"echo 'concbench:{OLD}'", "is Python 3.9.2; it must be 3.11 or newer"),
    "flood": ("exec yes", "is not a Python interpreter"),
    "hangs": ("exec sleep 1000", "did not answer within"),
}


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two virtual environments of the running interpreter, and a third that has lost its interpreter."""
    made = [tmp_path_factory.mktemp("environments") / name for name in ("one", "two", "lost")]
    for one in made:
        venv.create(one, with_pip=False, symlinks=True)
    (made[2] / "bin" / "python").unlink()
    (made[2] / "bin" / "python").symlink_to("/nowhere/python")
    return [str(one) for one in made]


def script(tmp_path: Path, body: str) -> str:
    path = tmp_path / "interpreter"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("kind", SPOILT)
def test_what_is_no_interpreter_is_refused_in_a_sentence(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreters, "ANSWER_SECONDS", 0.3 if kind == "hangs" else 10.0)
    body, why = SPOILT[kind]
    with pytest.raises(BadSetting, match=why):
        probe_interpreter(script(tmp_path, body))
    assert not any(child.name() in {"sleep", "yes"} for child in psutil.Process().children(recursive=True))


def test_what_is_not_there_is_refused(tmp_path: Path, environments: list[str]) -> None:
    for named, why in {
        "python3.99": "interpreter python3.99 was not found",
        str(tmp_path): "without bin/python",
        environments[2]: "is a broken link",
        __file__: "it cannot be executed",
    }.items():
        with pytest.raises(BadSetting, match=why):
            probe_interpreter(named)


def test_one_that_prints_at_its_start_is_as_good_as_any(tmp_path: Path) -> None:
    found = probe_interpreter(script(tmp_path, f'echo hello; exec "{sys.executable}" "$@"'))
    assert found.version == sys.version.split()[0]


def test_an_environment_is_known_by_its_directory_and_has_its_own_path(environments: list[str]) -> None:
    one, two, own = (probe_interpreter(name) for name in (*environments[:2], sys.executable))
    assert one.executable == f"{environments[0]}/bin/python"
    assert len({one.identity, two.identity, own.identity}) == 3
    assert one.version == two.version == own.version
    assert any(entry.startswith(environments[0]) for entry in one.path)
    assert not any(entry.startswith(sys.prefix) and "site-packages" in entry for entry in one.path)


def test_the_same_one_is_not_measured_twice(environments: list[str]) -> None:
    inside = f"{environments[0]}/bin/python"
    for given, why in (
        ([environments[0], inside], f"{inside} and {environments[0]} are the same interpreter"),
        ([inside, inside], "is given twice"),
    ):
        with pytest.raises(BadSetting, match=why):
            variants_of({"python": given})


def of_version(given: str, version: str, *, free_threaded: bool = False, kind: str = "CPython") -> Interpreter:
    numbers = tuple(map(int, version.split(".")))
    return Interpreter(given, given, kind, version, numbers, free_threaded, True, (given, given), ())


def test_a_label_is_the_shortest_text_that_tells_variants_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [
        of_version("a", "3.13.1"),
        of_version("b", "3.13.9", free_threaded=True),
        of_version("c", "3.14.0"),
        of_version("d", "3.14.1"),
        of_version("e", "3.11.9", kind="PyPy"),
    ]
    monkeypatch.setattr("concbench.variants.probe_interpreter", {one.name: one for one in known}.__getitem__)

    def labels(**options: object) -> list[str]:
        return [variant.label for variant in variants_of(options)]

    assert labels(python=["a", "b", "c", "e"]) == ["3.13", "3.13t", "3.14", "pypy3.11"]
    assert labels(python=["c", "d"]) == ["c", "d"]
    assert labels(python=["b"], gil=[0, 1]) == ["gil=0", "gil=1"]
    assert labels(python=["b"]) == ["3.13t"]
    assert labels(env={"A": ["1", "2"], "B": ["x"]}) == ["A=1", "A=2"]
    assert labels(python=["a", "b"], env={"A": ["1", "2"]}) == ["3.13 A=1", "3.13 A=2", "3.13t A=1", "3.13t A=2"]
    assert labels() == [""]
    with pytest.raises(BadSetting, match=r"a \(CPython 3.13.1\) always has a GIL"):
        labels(python=["a", "b"], gil=["0", "1"])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--env", "A"], "'A' is not a variable with values"),
        (["--env", "A=1,1"], "1 is given twice for --env A"),
        (["--env", "A=1", "--env", "A=2"], "A is given twice"),
        (["--gil", "2"], "'2' is not one of 0, 1"),
        (["--python", "python3.99"], "interpreter python3.99 was not found"),
        (["--python", f"{sys.executable},"], "the value of 'python' is empty"),
        (["--baseline", "sequential@3.99"], "the variant 3.99 of sequential@3.99 is unknown"),
        (
            ["--env", "A=1,2", "--baseline", "sequential@A=3"],
            "the variant A=3 of sequential@A=3 is not one of A=1",
        ),
    ],
)
def test_nothing_runs_where_a_variant_cannot_be(
    options: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "primes", "-r", "sequential", *options]) == 2
    assert why in capsys.readouterr().err


def test_only_modules_of_the_user_s_own_are_looked_for_elsewhere() -> None:
    import pickle

    own = Path(__file__).absolute().parent
    packed = pickle.dumps([of_version, os.path.join, pytest.raises, Interpreter], protocol=5)
    assert module_directories(packed) == ([str(own)] if __name__ == Path(__file__).stem else [str(own.parent)])
