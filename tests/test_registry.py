"""Names lead to classes, or to sentences."""

import re
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from concbench import registry
from concbench.cli.main import main
from concbench.errors import Inapplicable, Unavailable, UnknownName, UsageError
from concbench.harness.planning.runner_specs import default_runners


@pytest.mark.parametrize(("name", "place"), registry.RUNNERS.items())
def test_a_runner_lives_in_the_file_of_its_name(name: str, place: str) -> None:
    """batched-threads lives in runners/batched_threads.py."""
    if name in registry.EXTRAS:
        pytest.importorskip(registry.EXTRAS[name])
    assert place.startswith(f"concbench.runners.{name.replace('-', '_')}:")
    if name in default_runners():
        assert registry.runner_name(registry.runner_class(name)()) == name


@pytest.mark.parametrize("name", registry.WORKLOADS)
def test_a_workload_bears_its_registered_name(name: str) -> None:
    """Its file bears it as well."""
    assert registry.workload_class(name).name == name


def test_every_runner_file_is_registered() -> None:
    """A file without a name cannot be used."""
    folder = Path(registry.__file__).parent / "runners"
    files = {path.stem.replace("_", "-") for path in folder.glob("*.py")} - {"--init--", "base", "look", "start-method"}
    assert files == set(registry.RUNNERS)


def _entry_points(monkeypatch: pytest.MonkeyPatch, **points: str) -> None:
    made = [metadata.EntryPoint(name, value, "concbench.runners") for name, value in points.items()]
    monkeypatch.setattr(metadata, "entry_points", lambda group: made if group == "concbench.runners" else [])


def test_other_packages_add_runners_and_cannot_take_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """They use entry points."""
    _entry_points(monkeypatch, mine="concbench.runners.sequential:Sequential", threads="evil:Runner")
    assert registry.runner_names() == [*registry.RUNNERS, "mine"]
    assert registry.runner_class("mine").__name__ == "Sequential"
    assert registry.runner_class("threads").__name__ == "Threads"


def test_a_missing_package_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is known, and not available here."""
    _entry_points(monkeypatch, mine="no_such_package_1.runners:Mine")
    with pytest.raises(Inapplicable, match=re.escape("pip install no_such_package_1")):
        registry.runner_class("mine")


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("concbench.runners.sequential:Sequentail", "cannot be loaded from concbench.runners.sequential:Sequentail"),
        ("concbench.runners.no_such:Mine", "cannot be loaded from concbench.runners.no_such:Mine: No module named"),
        ("concbench.runners.sequential:__name__", "concbench.runners.sequential:__name__ cannot be called"),
        ("broken_1:Mine", "cannot be loaded from broken_1:Mine: division by zero"),
    ],
)
def test_what_cannot_be_loaded_is_a_sentence(
    place: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is an error only for the request that names it, whatever its module raises."""
    (tmp_path / "broken_1.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(str(tmp_path))
    _entry_points(monkeypatch, mine=place)
    with pytest.raises(Unavailable, match=f"the runner 'mine' .*{re.escape(says)}") as caught:
        registry.runner_class("mine")
    assert isinstance(caught.value, UsageError)
    assert isinstance(caught.value, Inapplicable)


@pytest.mark.parametrize(("kind", "option"), [("workloads", []), ("runners", ["-r"]), ("formats", ["--format"])])
def test_what_is_not_installed_is_a_usage_error(
    kind: str, option: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """This holds for each kind; nothing has run."""
    point = metadata.EntryPoint("mine", "no_such_package_1:Mine", f"concbench.{kind}")
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point] if group == f"concbench.{kind}" else [])
    assert main(["run", *(["primes"] if option else []), *option, "mine"]) == 2
    said = f"concbench: the {kind[:-1]} 'mine' needs no_such_package_1: pip install no_such_package_1\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("load", [registry.runner_class, registry.workload_class, registry.format_function])
@pytest.mark.parametrize("name", [None, 3, ["text"]])
def test_a_name_is_a_text(load: Callable[[Any], Any], name: object) -> None:
    """This also holds for names that are given in Python."""
    with pytest.raises(UsageError, match=r"is named by a string such as '[a-z]+', not "):
        load(name)


def test_an_unknown_name_is_answered_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a near one, all are listed."""
    with pytest.raises(UnknownName, match="did you mean 'asyncio'"):
        registry.runner_class("asynco")
    with pytest.raises(UnknownName, match="known: download, primes"):
        registry.workload_class("zzz")
