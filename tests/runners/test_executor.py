"""Executors of any package: found by name, entered, used by the methods that they have, and left."""

from __future__ import annotations

import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from concbench import Executor, measure
from concbench.advice.snippet import snippet
from concbench.cli.main import main
from concbench.errors import BadSetting, WorkerDied, WorkerFailure
from concbench.harness.planning.runner_specs import default_runners, parse
from concbench.testing import RUNNER_LAWS, law_name
from concbench.testing.declared import it_is_what_it_declares
from concbench.traits import PROCESSES, THREADS, Traits, traits_of
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.workload import FunctionWorkload

HERE = "test_executor"
left: list[str] = []


class Submitting:
    """Has only `submit`."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self._pool = ThreadPoolExecutor(2)

    def submit(self, function: Any, item: Any) -> Future[Any]:
        return self._pool.submit(function, item)

    def shutdown(self) -> None:
        self._pool.shutdown()
        left.append("shut down")


class OfFutures(Submitting):
    """Maps to futures, like clients of clusters."""

    def map(self, function: Any, items: Any) -> list[Future[Any]]:
        return [self.submit(function, item) for item in items]

    shutdown = None  # type: ignore[assignment]

    def close(self) -> None:
        super().shutdown()


class OneFuture(Submitting):
    """Maps to a single future, like pebble."""

    def map(self, function: Any, items: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(iter([function(item) for item in items]))
        return future


class Broken(Submitting):
    def submit(self, function: Any, item: Any) -> Future[Any]:
        from concurrent.futures import BrokenExecutor

        raise BrokenExecutor("no workers any more")


class Odd(Submitting):
    def submit(self, function: Any, item: Any) -> Future[Any]:
        raise LookupError("no queue")


class Endless(Submitting):
    def shutdown(self) -> None:
        time.sleep(60)


def nothing() -> dict[str, int]:
    return {}


def refuse() -> None:
    raise ConnectionError("nobody is there")


NUMBER = 3


def double(item: Any) -> Any:
    return item * 2


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.mark.parametrize("law", RUNNER_LAWS, ids=law_name)
@pytest.mark.parametrize("target", ["concurrent.futures:ThreadPoolExecutor", f"{HERE}:OfFutures", f"{HERE}:Submitting"])
def test_executors_of_threads_keep_the_laws(target: str, law: Any, tmp_path: Path) -> None:
    """This holds for each way of using them."""
    law(lambda: Executor(target, workers=2), tmp_path)


def test_a_pool_of_processes_is_what_it_is_said_to_be(tmp_path: Path) -> None:
    """It waits for its processes when it is left."""
    runner = Executor("multiprocessing:Pool", where="processes", arguments={"processes": 2})
    it_is_what_it_declares(lambda: runner, tmp_path)


@pytest.mark.parametrize("target", ["Submitting", "OfFutures", "OneFuture"])
def test_it_is_used_and_left_by_what_it_has(target: str) -> None:
    """Settings that are not the runner's are passed on, numbers as numbers."""
    left.clear()
    runner: Any = parse(f"executor:3,target={HERE}:{target},name=a-b,size=2.5,count=7,eager=true").runner
    with runner:
        assert runner._manager.settings == {"max_workers": 3, "name": "a-b", "size": 2.5, "count": 7, "eager": True}
        assert runner.run(double, [1, "a", (2,)]) == [2, "aa", (2, 2)]
        assert runner.run(double, []) == []
    assert left == ["shut down"]


@pytest.mark.parametrize(
    ("spec", "label"),
    [
        ("executor:target=multiprocessing:Pool,processes=2", "executor:target=multiprocessing:Pool,processes=2"),
        (
            "executor:4,target=multiprocessing.dummy:Pool,where=threads",
            "executor:workers=4,target=multiprocessing.dummy:Pool,where=threads",
        ),
        (
            "executor:target=multiprocessing:Pool,max_workers=4",
            "executor:workers=4,target=multiprocessing:Pool",
        ),
    ],
)
def test_its_label_is_a_spec_of_the_same(spec: str, label: str) -> None:
    """Its settings are recorded separately."""
    cell = parse(spec)
    assert cell.label == label
    assert parse(cell.label).settings == cell.settings
    assert "arguments" not in cell.settings


@pytest.mark.parametrize(
    ("settings", "traits"),
    [
        ("target=concurrent.futures:ThreadPoolExecutor", Traits(where=THREADS, shares_interpreter=True, pickles=False)),
        (
            "target=concurrent.futures:ProcessPoolExecutor",
            Traits(where=PROCESSES, shares_interpreter=False, pickles=True),
        ),
        (f"target={HERE}:Submitting", Traits()),
        (f"target={HERE}:Submitting,where=processes", Traits(where=PROCESSES, shares_interpreter=False, pickles=True)),
        (f"target={HERE}:Submitting,where=elsewhere", Traits(where="elsewhere", pickles=True)),
    ],
)
def test_it_is_judged_by_what_is_known_of_it(settings: str, traits: Traits) -> None:
    """Facts may also be declared; without any, it is not judged."""
    assert traits_of(parse(f"executor:{settings}").runner) == traits


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("", "executor needs a target: write executor:target=..."),
        ("4", "executor needs a target: write executor:target=..."),
        ("target=loky", "executor: target must be module:name, such as loky:get_reusable_executor, not 'loky'"),
        ("target=no_such_1.pools:Make", "executor: there is no module 'no_such_1': install its package, or correct "),
        (f"target={HERE}:Submiting", f"executor: {HERE} has no 'Submiting'; did you mean 'Submitting'?"),
        (f"target={HERE}:NUMBER", f"executor: {HERE}:NUMBER is 3, which cannot be called"),
        ("target=broken_2:Make", "executor: broken_2 cannot be imported: ZeroDivisionError: division by zero"),
        (f"target={HERE}:Submitting,where=gpu", "where of executor: 'gpu' is not one of threads, interpreters, "),
        (f"0,target={HERE}:Submitting", "executor: workers must be a whole number, 1 or more, not 0"),
        (f"target={HERE}:Submitting,max_workers=x", "executor: workers must be a whole number, 1 or more, not 'x'"),
    ],
)
def test_what_cannot_be_found_is_refused_before_anything_runs(
    settings: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is one sentence."""
    (tmp_path / "broken_2.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = f"executor:{settings}" if settings else "executor"
    with pytest.raises(BadSetting, match=re.escape(says)):
        parse(spec)
    assert main(["run", "primes", "-r", spec]) == 2
    assert capsys.readouterr().err.startswith(f"concbench: {says}")


def test_without_a_target_it_is_for_whoever_names_it() -> None:
    """It is not among the default runners."""
    assert "executor" not in default_runners()


@pytest.mark.parametrize(
    ("target", "kind", "says"),
    [
        ("nothing", WorkerFailure, f"{HERE}:nothing made {{}}, which has neither map nor submit"),
        ("refuse", WorkerFailure, f"{HERE}:refuse did not create an executor: ConnectionError: nobody is there"),
        ("Broken", WorkerDied, f"the executor of {HERE}:Broken is broken: BrokenExecutor: no workers any more"),
        ("Odd", WorkerFailure, f"the executor of {HERE}:Odd failed: LookupError: no queue"),
    ],
)
def test_what_turns_out_to_be_none_fails_its_row(target: str, kind: type[Exception], says: str) -> None:
    """The reason says what it is."""
    with pytest.raises(kind, match=f"^{re.escape(says)}"), Executor(f"{HERE}:{target}") as runner:
        runner.run(double, [1, 2])
    run = measure(
        abs, items=[1, 2], runners=["sequential", f"executor:target={HERE}:{target}"], isolate=False, rounds=1
    )
    assert [cell.outcome.kind for cell in run.tables[0].cells] == ["ok", "failed"]


def test_one_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The timeout ends it; the others have their rows."""
    monkeypatch.chdir(Path(__file__).parent)
    runners = ["sequential", f"executor:target={HERE}:Endless"]
    run = measure(abs, items=[1, 2], runners=runners, rounds=1, timeout=1.0, observe=False)
    sequential, endless = run.tables[0].cells
    assert sequential.outcome.kind == "ok"
    assert (endless.outcome.kind, endless.outcome.cause) == ("failed", "timeout")


def test_its_program_makes_it_in_the_same_way() -> None:
    """The program runs unchanged."""
    runner = Executor("multiprocessing.pool:ThreadPool", arguments={"processes": 2})
    text = snippet(FunctionWorkload.of(double, [1, 2], CallForm()).call(2), runner)
    assert "with ThreadPool(processes=2) as pool:" in text
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, "pasted", "exec"), scope)
    assert scope["results"] == [2, 4]


class SubmitsAlone:
    """Has no `map`, and cannot be entered."""

    def __init__(self, max_workers: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers)
        self.submit, self.shutdown = self._pool.submit, self._pool.shutdown


def test_of_one_that_cannot_be_entered_the_program_uses_the_runner() -> None:
    """The runner can handle it."""
    text = snippet(FunctionWorkload.of(double, [1, 2], CallForm()).call(2), Executor(f"{__name__}:SubmitsAlone", 2))
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, "pasted", "exec"), scope)
    assert scope["results"] == [2, 4]
