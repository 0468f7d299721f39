"""Names lead to classes, and to sentences where they do not."""

import re
from importlib import metadata
from pathlib import Path

import pytest

from concbench import registry
from concbench.errors import Inapplicable, UnknownName


@pytest.mark.parametrize(("name", "place"), registry.RUNNERS.items())
def test_a_runner_lives_in_the_file_of_its_name(name: str, place: str) -> None:
    """batched-threads lives in runners/batched_threads.py."""
    assert place.startswith(f"concbench.runners.{name.replace('-', '_')}:")
    assert registry.runner_name(registry.runner_class(name)()) == name


@pytest.mark.parametrize("name", registry.WORKLOADS)
def test_a_workload_bears_its_registered_name(name: str) -> None:
    """As its file does."""
    assert registry.workload_class(name).name == name


def test_every_runner_file_is_registered() -> None:
    """A file that nobody can name is dead."""
    folder = Path(registry.__file__).parent / "runners"
    files = {path.stem.replace("_", "-") for path in folder.glob("*.py")} - {"--init--", "base", "look", "start-method"}
    assert files == set(registry.RUNNERS)


def _entry_points(monkeypatch: pytest.MonkeyPatch, **points: str) -> None:
    made = [metadata.EntryPoint(name, value, "concbench.runners") for name, value in points.items()]
    monkeypatch.setattr(metadata, "entry_points", lambda group: made if group == "concbench.runners" else [])


def test_other_packages_add_runners_and_cannot_take_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """By entry points."""
    _entry_points(monkeypatch, mine="concbench.runners.sequential:Sequential", threads="evil:Runner")
    assert registry.runner_names() == [*registry.RUNNERS, "mine"]
    assert registry.runner_class("mine").__name__ == "Sequential"
    assert registry.runner_class("threads").__name__ == "Threads"


def test_a_missing_package_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known, and not available here."""
    _entry_points(monkeypatch, mine="no_such_package_1.runners:Mine")
    with pytest.raises(Inapplicable, match=re.escape("pip install no_such_package_1")):
        registry.runner_class("mine")


def test_an_unknown_name_is_answered_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or with all of them."""
    with pytest.raises(UnknownName, match="did you mean 'asyncio'"):
        registry.runner_class("asynco")
    with pytest.raises(UnknownName, match="known: download, primes"):
        registry.workload_class("zzz")
