"""Workloads with settings on the command line, and the options that stand for settings."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest

from concbench import options
from concbench.cli import functions, run, workloads
from concbench.cli.main import main
from concbench.harness.planning.settings import settings_of
from concbench.registry import WORKLOADS, workload_class
from concbench.results.files import from_json
from concbench.values import DURATION, Declared, one_of
from concbench.workloads.base import Workload

PLUGINS = Path(__file__).parents[1] / "plugins"
ONCE = ["-r", "sequential", "--rounds", "1", "--no-observe"]


@pytest.fixture
def other_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Act as if the package were installed."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    yield
    sys.modules.pop("other_ways", None)


def chosen(*words: str) -> list[Workload]:
    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    return workloads.chosen_workloads(parser.parse_args([*words]), options.make_options(seed=1))


def told(workload: Workload, *keys: str) -> list[Any]:
    return [workload.settings()[key] for key in keys]


def test_settings_and_options_come_to_the_same() -> None:
    """`--latency 5ms` equals `latency=5ms` after the name."""
    options = ("--images", "3", "--latency", "5ms", "--jitter", "1ms", "--image-size", "5kB", "--request-timeout", "9s",
               "--size-limit", "1MB", "--retries", "2", "--tolerate")  # fmt: skip
    (by_option,) = chosen("download", *options)
    (written,) = chosen(
        "download:images=3,latency=5ms,jitter=1ms,image_size=5kB,request_timeout=9s,size_limit=1MB,retries=2,tolerate=true"
    )
    assert by_option.settings() == written.settings()
    assert by_option.name == "download"
    assert [one.settings() for one in chosen("primes", "--limits", "30,40", "--algorithm", "sieve")] == [
        one.settings() for one in chosen("primes:limits=30+40,algorithm=sieve")
    ]


def test_an_option_is_for_every_workload_that_does_not_say_it_itself() -> None:
    """A setting written after a name takes precedence."""
    fast, slow, primes = chosen("download:images=3,latency=1ms", "download:images=3", "primes", "--latency", "9ms")
    assert told(fast, "latency") == [0.001]
    assert told(slow, "latency") == [0.009]
    assert primes.name == "primes"


def test_a_size_goes_to_those_that_can_have_it() -> None:
    """A number of images takes the place of a size for download, so that the size goes to primes."""
    download, primes = chosen("download", "primes", "--images", "3", "--size", "article")
    assert (download.tasks, download.size, primes.size) == (3, "", "article")


def test_what_one_refuses_of_several_options_does_not_cost_it_the_others(tmp_path: Path) -> None:
    """Real addresses have retries, and no simulated latency."""
    (tmp_path / "urls.txt").write_text("http://127.0.0.1/a\n")
    ours, real = chosen("download", f"download:urls={tmp_path / 'urls.txt'}", "--latency", "5ms", "--retries", "2")
    assert told(ours, "latency", "retries") == [0.005, 2]
    assert told(real, "retries") == [2]


def test_a_file_that_an_option_names_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read once for all workloads: it may be a pipe, which is empty afterwards."""
    (tmp_path / "urls.txt").write_text("http://127.0.0.1/a\n")
    before, opened = Path.read_text, []

    def counted(path: Path, *args: Any, **options: Any) -> str:
        opened.append(path.name)
        return before(path, *args, **options)

    monkeypatch.setattr(Path, "read_text", counted)
    ours, real, more = chosen(
        "download:images=3", "download", "download:retries=1", "--urls", str(tmp_path / "urls.txt")
    )
    assert told(ours, "images") == [3]
    assert "urls" not in ours.settings()
    assert told(real, "urls") == told(more, "urls") == [["http://127.0.0.1/a"]]
    assert opened == ["urls.txt"]


def test_help_of_an_option_is_that_of_everybody_who_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Functions and downloads tolerate different things."""
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    helped = " ".join(capsys.readouterr().out.split())
    assert "--tolerate count exceptions as results; for download: count failed downloads and continue" in helped


class Hashing(Workload):
    """Has settings with the names of built-in ones, and other values."""

    def __init__(
        self,
        algorithm: Annotated[str, Declared(one_of("sha256", "sha512"), "of hashing")] = "sha256",
        tasks: Annotated[float, Declared(DURATION, "how long")] = 1.0,
    ) -> None:
        self.told = {"algorithm": algorithm, "tasks": tasks}

    function = title = None  # type: ignore[assignment]
    items = ()

    def settings(self) -> dict[str, Any]:
        return self.told


@pytest.fixture
def hashing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Act as if it were a built-in workload."""
    for module in ("concbench.cli.workloads", "concbench.registry", "concbench.harness.planning.workload_specs"):
        monkeypatch.setattr(f"{module}.WORKLOADS", {**WORKLOADS, "hashing": f"{__name__}:Hashing"})
    workloads._owners.cache_clear()
    yield
    workloads._owners.cache_clear()


def test_workloads_read_a_setting_of_one_name_each_by_its_kind(
    hashing: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """This holds on the command line and in pyproject.toml; the help shows what each does."""
    made, sleep = chosen("hashing", "sleep:seconds=1ms", "--algorithm", "sha512", "--tasks", "3")
    assert (told(made, "algorithm", "tasks"), told(sleep, "tasks")) == (["sha512", 3.0], [3])
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    helped = " ".join(capsys.readouterr().out.split())
    assert "--algorithm VALUE trial division or a sieve (primes); of hashing (hashing)" in helped
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.concbench]\nalgorithm = "sha51"\n')
    for name, words in (("hashing", "sha256, sha512"), ("primes", "trial, sieve")):
        assert main(["run", name]) == 2
        said = capsys.readouterr().err
        assert f"algorithm of {name}: 'sha51'" in said
        assert words in said or "did you mean" in said
        assert said.endswith("(algorithm from pyproject.toml)\n")


def test_what_is_named_twice_is_measured_once() -> None:
    """Spaces in the name do not matter; other settings are other work."""
    names = [
        one.name for one in chosen("primes:limits=30", "primes: limits = 30", "primes", "primes:limits=40", "primes")
    ]
    assert names == ["primes:limits=30", "primes", "primes:limits=40"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["download:latency=5 parsecs"], "latency of download: '5 parsecs' is not a time such as 20ms or 1.5s"),
        (["sleep:tsks=3"], "sleep has no setting 'tsks'; did you mean 'tasks'?"),
        (["sleep:tasks=3,tasks=3"], "sleep has tasks twice"),
        (["download:100"], "there is no module 'download'; for settings of the workload, write download:size=VALUE"),
        (["download:latency=1ms", "--latency", "2ms"], "download:latency=1ms sets latency itself; leave out --latency"),
        (["spelling", "--size", "full"], "--size applies only to download and primes, which this command does not run"),
        (["spelling:tasks=3", "--tasks", "2"], "--tasks applies only to sleep and spin"),
        (["download", "primes", "--size", "huge"], "size of download: 'huge' is not one of quick, article, full"),
        (
            ["download:images=3", "primes:limits=9", "--size", "full"],
            "download:images=3 sets images, which excludes size",
        ),
        (["download", "primes", "--images", "3", "--limits", "1"], "limits of primes: '1' is not a whole number of 2"),
        (["primes", "--limits", ""], "the value of 'limits' is empty"),
        (["primes", "--size", "quick", "--limits", "3000"], "primes: --limits and --size exclude each other"),
        (["download", "--images", "3", "--size", "quick"], "download: --images and --size exclude each other"),
        (
            ["primes:limits=30", "--size", "quick"],
            "sets limits, which excludes size; leave out --size",
        ),
        (["sleep:tasks=4", "--tasks", "2"], "sleep:tasks=4 sets tasks itself; leave out --tasks"),
        (["download", "--follow-redirects"], "download: --follow-redirects needs --urls"),
        (["primes:limits=3000,4000"], "separate several values with plus signs: limits=3000+4000"),
        (["unparsable.py"], "unparsable.py is not a Python program: invalid syntax (unparsable.py, line 2)"),
        (["b.py"], "b.py does not name a function; did you mean b.py:fetch or b.py:parse?"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_two(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], other_package: None,
) -> None:  # fmt: skip
    """Nothing has run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.py").write_text("def fetch(url): ...\nasync def parse(text): ...\n")
    (tmp_path / "unparsable.py").write_text("import os\ndef f(:\n")
    assert main(["run", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("concbench: ")
    assert printed.err.count("\n") == 1
    assert says in printed.err


def test_advise_answers_a_file_with_its_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It does so like `run`; a workload is not a function."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.py").write_text("def fetch(url): ...\n")
    assert main(["advise", "b.py"]) == 2
    assert main(["advise", "primes:limits=30"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == "concbench: b.py does not name a function; did you mean b.py:fetch?"
    assert "'primes:limits=30' is not a function of your own" in second


def test_tables_of_one_workload_are_called_as_they_are_written(
    capsys: pytest.CaptureFixture[str], other_package: None
) -> None:
    """This includes workloads of other packages; calls are only announced for a user's function."""
    assert main(["run", "sleep:tasks=2,seconds=1ms", "sleep:tasks=3,seconds=1ms", *ONCE, "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    tables = from_json(printed.out).tables
    assert [(table.workload, table.tasks) for table in tables] == [
        ("sleep:tasks=2,seconds=1ms", 2), ("sleep:tasks=3,seconds=1ms", 3)
    ]  # fmt: skip


def test_every_setting_of_ours_is_an_option_of_its_own() -> None:
    """Except for options that functions have as well, none is confused with another option of the command."""
    before = argparse.ArgumentParser()
    functions.add_arguments(before)
    run_alone = {"tolerate"}
    keys = {key for name in WORKLOADS for key in settings_of(workload_class(name))}
    assert keys & set(vars(before.parse_args([]))) == run_alone
    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    parsed = vars(parser.parse_args(["primes"]))
    assert {key: parsed[key] for key in keys - run_alone} == dict.fromkeys(keys - run_alone)


def test_the_list_shows_settings_and_their_defaults(capsys: pytest.CaptureFixture[str], other_package: None) -> None:
    """They are shown as they would be written, for other packages as well."""
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (download,) = (line for line in lines if line.startswith("  download "))
    assert "[size=quick, images, latency=20ms, jitter=0, image_size=60kB, urls, keep, request_timeout=60s" in download
    (spelling,) = (line for line in lines if line.startswith("  spelling "))
    assert "times=1, lengths, share=1.0, loud=false, order=as-given, pause=0, note=none]" in spelling
