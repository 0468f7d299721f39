"""joblib is optional, and acts like the other runners if it is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from concbench.cli.main import main
from concbench.errors import BadSetting, Unavailable, WorkerDied, WorkerFailure
from concbench.harness.planning.runner_specs import default_runners, parse
from concbench.registry import runner_class
from concbench.traits import CALLER, PROCESSES, THREADS, traits_of


def run(spec: str, function: Any, items: Sequence[Any]) -> list[Any]:
    pytest.importorskip("joblib")
    with parse(spec).runner as runner:
        return runner.run(function, items)


def die(item: int) -> int:
    if item == 2:
        os._exit(3)
    return item


class Unreadable:
    """Cannot be unpickled."""

    def __reduce__(self) -> Any:
        return int, ("x",)


def return_unreadable(item: int) -> object:
    return Unreadable() if item == 2 else item


def test_a_worker_that_dies_is_told_with_its_exit_code() -> None:
    """The exit code is that of loky's message."""
    with pytest.raises(WorkerDied, match=r"a worker process of joblib\(2\) died \(EXIT\(3\).*\)"):
        run("joblib:2", die, range(4))


def test_what_cannot_be_sent_is_told_with_its_item() -> None:
    """This holds in both directions."""
    with pytest.raises(WorkerFailure, match="cannot be sent from its worker: ValueError: invalid literal") as caught:
        run("joblib:2", return_unreadable, range(4))
    assert caught.value.__notes__[-1] == "raised by task 2, item 2"
    with pytest.raises(TypeError, match="cannot pickle") as unsent:
        run("joblib:2", die, [0, 1, sys._getframe()])
    assert "raised by task 2, item <frame" in unsent.value.__notes__[-1]


@pytest.mark.parametrize(
    ("spec", "where"),
    [("joblib:1", CALLER), ("joblib:2,backend=threading", THREADS), ("joblib:2,batch_size=auto", PROCESSES)],
)
def test_where_it_runs_depends_on_its_settings(spec: str, where: str) -> None:
    """One worker is the calling thread."""
    pytest.importorskip("joblib")
    assert traits_of(parse(spec).runner).where == where


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("joblib:backend=dask", "backend of joblib: 'dask' is not one of loky, threading, multiprocessing"),
        ("joblib:batch_size=0", "batch_size of joblib: '0' is not a whole number of 1 or more"),
        ("joblib:batch_size=some", "batch_size of joblib: 'some' is not a whole number of 1 or more"),
        ("joblib:0", "joblib: workers must be a whole number, 1 or more"),
        ("joblib:inner_max_num_threads=0", "joblib: inner_max_num_threads must be a whole number, 1 or more"),
        ("joblib:backend=threading,inner_max_num_threads=1", "inner_max_num_threads applies only to the backend loky"),
    ],
)
def test_settings_that_cannot_be_are_refused(spec: str, says: str) -> None:
    """Nothing has run."""
    pytest.importorskip("joblib")
    with pytest.raises(BadSetting, match=says):
        parse(spec)


def test_without_the_extra_there_is_the_line_to_type(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user who names it gets a message, and other runs go on without it."""

    class Missing:
        @staticmethod
        def find_spec(name: str, *more: object) -> None:
            if name == "joblib":
                raise ModuleNotFoundError("No module named 'joblib'", name="joblib")

    for name in [name for name in sys.modules if name.startswith(("joblib", "concbench.runners.joblib"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing, *sys.meta_path])
    says = "the runner 'joblib' needs joblib: pip install \"concbench[joblib]\""
    with pytest.raises(Unavailable, match="needs joblib"):
        runner_class("joblib")
    assert "joblib" not in default_runners()
    assert main(["run", "primes", "-r", "joblib"]) == 2
    assert capsys.readouterr() == ("", f"concbench: {says}\n")
    assert main(["list"]) == 0
    assert f"not available: {says}" in capsys.readouterr().out
