"""A runner is judged by its declared traits, and a law checks whether they are true."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from concbench.errors import BadSetting
from concbench.harness.planning.runner_specs import defaults_of
from concbench.registry import RUNNERS, runner_class, runner_names
from concbench.runners.base import Runner
from concbench.runners.sequential import Sequential
from concbench.runners.threads import Threads
from concbench.testing import RUNNER_LAWS, law_name
from concbench.testing.declared import it_is_what_it_declares
from concbench.traits import ELSEWHERE, INTERPRETERS, LOOP, PROCESSES, THREADS, Traits, traits_of

PLUGINS = Path(__file__).parents[1] / "plugins"
NAMES = ["crew", "helpers", "squads", "gangs", "one-loop", "far-away", "unnamed", "strange"]


@pytest.fixture(autouse=True)
def other_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Act as if the package were installed."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    yield
    sys.modules.pop("other_ways", None)


def made(name: str, **settings: Any) -> Callable[[], Runner]:
    return lambda: runner_class(name)(**settings)


def test_they_are_registered_by_their_metadata() -> None:
    """They have their own names, after ours."""
    assert runner_names() == [*RUNNERS, *NAMES]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "strange"])
def test_what_a_plug_in_declares_is_what_is_seen(name: str, tmp_path: Path) -> None:
    """Undeclared traits are allowed."""
    it_is_what_it_declares(made(name), tmp_path)


@pytest.mark.parametrize("law", RUNNER_LAWS, ids=law_name)
@pytest.mark.parametrize("name", ["crew", "one-loop"])
def test_plug_ins_keep_the_other_laws(name: str, law: Any, tmp_path: Path) -> None:
    """These are the laws on which the rest of this package relies most."""
    law(made(name), tmp_path)


def test_traits_may_depend_on_settings(tmp_path: Path) -> None:
    """One thread in each program shares nothing."""
    for threads in (1, 2):
        runner = made("squads", threads=threads)
        assert traits_of(runner()).isolates == (threads == 1)
        it_is_what_it_declares(runner, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(("name", "sends"), [("processes", False), ("process-pool", True)])
def test_a_function_is_inherited_by_a_process_that_is_forked_for_a_task(name: str, sends: bool, tmp_path: Path) -> None:
    """It is sent to a pool, however the processes of the pool start."""
    runner = made(name, start_method="fork")
    assert traits_of(runner()).sends == sends
    it_is_what_it_declares(runner, tmp_path)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("threads", {"where": PROCESSES}),
        ("threads", {"where": LOOP}),
        ("threads", {"where": INTERPRETERS}),
        ("threads", {"where": ELSEWHERE}),
        ("threads", {"where": "gpu"}),
        ("sequential", {"where": THREADS}),
        ("process-pool", {"where": THREADS}),
        ("threads", {"shares_interpreter": False}),
        ("process-pool", {"shares_interpreter": True}),
        ("threads", {"pickles": True}),
        ("process-pool", {"pickles": False}),
        ("threads", {"worker_per_task": False}),
        ("thread-pool", {"worker_per_task": True}),
        ("batched-threads", {"barriers": False}),
        ("thread-pool", {"barriers": True}),
        ("process-pool", {"reaped": True}),
        ("process-pool", {"sends": False}),
        ("processes", {"sends": False}),
    ],
)
def test_a_trait_that_contradicts_what_it_does_is_named(name: str, wrong: dict[str, Any], tmp_path: Path) -> None:
    """The message has the declared and the observed trait."""
    kind = runner_class(name)
    true = traits_of(kind())

    class Liar(kind):  # type: ignore[misc,valid-type]
        traits = replace(true, **wrong)

    (trait,) = wrong
    settings = {"workers": 3} if "workers" in defaults_of(kind) else {}
    with pytest.raises(AssertionError, match=rf"^traits\.{trait} is .*, but "):
        it_is_what_it_declares(lambda: Liar(**settings), tmp_path)


def test_a_runner_that_declares_nothing_breaks_no_law(tmp_path: Path) -> None:
    """Nothing is concluded about it."""

    class Silent(Threads):
        traits = Traits()

    it_is_what_it_declares(Silent, tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"where": ["threads"]},
        {"shares_interpreter": 1},
        {"simplicity": 12.5},
        {"simplicity": True},
        {"pickles": "no"},
    ],
    ids=str,
)
def test_traits_of_other_types_are_refused_where_they_are_written(wrong: dict[str, Any]) -> None:
    """A results file could not hold them."""
    with pytest.raises(BadSetting, match=f"the trait {next(iter(wrong))} must be"):
        Traits(**wrong)


class _Broken(Threads):
    @property
    def traits(self) -> Traits:  # type: ignore[override]
        raise RuntimeError("not today")


class _Dictionary(Threads):
    traits = {"where": "threads"}  # type: ignore[assignment] # noqa: RUF012


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (_Broken, "traits cannot be read: RuntimeError: not today"),
        (_Dictionary, "traits must be a concbench.traits.Traits, not {"),
    ],
)
def test_traits_that_are_none_end_no_measurement_and_are_named_by_the_law(
    kind: type[Threads], says: str, tmp_path: Path
) -> None:
    """The user who measures with all runners has not written this one."""
    assert traits_of(kind()) == Traits()
    with pytest.raises(AssertionError, match=re.escape(says)):
        it_is_what_it_declares(kind, tmp_path)


def test_the_calling_thread_has_one_worker(tmp_path: Path) -> None:
    class Many(Sequential):
        workers = 4

    with pytest.raises(AssertionError, match="one thread does one task at a time"):
        it_is_what_it_declares(Many, tmp_path)
