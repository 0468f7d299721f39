"""Workloads as written: settings, functions, and texts that are neither."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concbench import Download, measure
from concbench.errors import BadFunction, BadInput, BadSetting, UnknownName, UsageError
from concbench.harness.planning.settings import settings_of
from concbench.harness.planning.workload_specs import is_function, kind_of, normalized, object_path_of, workload_of
from concbench.registry import WORKLOADS, workload_class
from concbench.testing import SimulatedHosts
from concbench.values import COUNT, DURATION, SWITCH, Declared
from concbench.workloads.synthetic import Sleep

PLUGINS = Path(__file__).parents[2] / "plugins"


@pytest.fixture
def other_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Act as if the package were installed."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    yield
    sys.modules.pop("other_ways", None)


def test_settings_are_written_behind_the_name() -> None:
    """They are read by the kinds that the workload declares; a list has plus signs."""
    download = workload_of("download:images=100,latency=5ms,image-size=64KiB,tolerate=true")
    assert isinstance(download, Download)
    assert (download.tasks, download.latency, download.image_size, download.tolerate) == (100, 0.005, 65_536, True)
    assert workload_of("primes:limits=3000+4000").items == (3000, 4000)
    assert workload_of(" sleep : tasks = 16 , seconds=10ms ").items == [0.01] * 16
    assert workload_of("primes:size=article").size == "article"


def test_a_workload_is_called_as_it_is_written() -> None:
    """Spaces are dropped; the name alone has no settings."""
    assert workload_of("primes").name == "primes"
    assert workload_of(" primes: limits=3000+4000 , algorithm =sieve").name == "primes:limits=3000+4000,algorithm=sieve"
    assert [kind_of(name) for name in ("primes", "primes:limits=3", "app:primes")] == ["primes", "primes", "app:primes"]


TIMES = st.integers(0, 5_000).map("{}ms".format)
COUNTS = st.integers(1, 10**4).map(str)
WRITTEN: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "sleep": {"tasks": COUNTS, "seconds": TIMES},
    "spin": {"tasks": COUNTS, "turns": COUNTS},
    "primes": {
        "limits": st.lists(st.integers(2, 10**6).map(str), min_size=1).map("+".join),
        "algorithm": st.sampled_from(["trial", "sieve"]),
    },
    "download": {
        "images": st.integers(1, 50).map(str), "latency": TIMES, "jitter": TIMES,
        "retries": st.integers(0, 10).map(str), "image_size": st.integers(2, 9_000).map("{}kB".format),
        "tolerate": st.sampled_from(["true", "False"]),
    },
}  # fmt: skip
SPACES = st.sampled_from(["", " ", "  "])


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_the_name_of_a_workload_is_a_text_that_makes_the_same(data: st.DataObject) -> None:
    """This holds for any settings, in any order, and with spaces around their parts."""
    name = data.draw(st.sampled_from(sorted(WRITTEN)))
    keys = data.draw(st.lists(st.sampled_from(sorted(WRITTEN[name])), unique=True, min_size=1))
    pairs = [(key, data.draw(WRITTEN[name][key])) for key in keys]
    space = data.draw(SPACES)
    text = f"{space}{name}{space}:{','.join(f'{space}{key}{space}={space}{value}{space}' for key, value in pairs)}"
    made = workload_of(text)
    assert made.name == normalized(text) == f"{name}:{','.join(f'{key}={value}' for key, value in pairs)}"
    again = workload_of(made.name)
    assert (again.name, again.settings(), again.title()) == (made.name, made.settings(), made.title())
    assert not is_function(made.name)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(sorted(WORKLOADS)), st.text(max_size=20))
def test_any_text_is_a_workload_or_a_sentence(name: str, rest: str) -> None:
    """No text causes any other exception; a text that names a function is read as one."""
    for text in (name + rest, f"{name}:{rest}", f"{name}:size={rest}", f"{name}:seconds={rest},{rest}", rest):
        try:
            made = object_path_of(text) if is_function(text) else workload_of(text)
            assert made is not None
        except UsageError as refused:
            assert str(refused)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("download:imges=3", "download has no setting 'imges'; did you mean 'images'?"),
        ("download:latency=5 parsecs", "latency of download: '5 parsecs' is not a time such as 20ms or 1.5s"),
        ("download:latency=1ms,latency=2ms", "download has latency twice"),
        ("download:image_size=1MB,image-size=2MB", "download has image_size twice"),
        ("download:images=3,", "cannot read the workload 'download:images=3,'; write download or download:KEY=VALUE"),
        ("download:images=", "cannot read the workload"),
        ("download:=3", "cannot read the workload"),
        ("download:images=3,size=full", "download: images and size exclude each other; leave out one of them"),
        ("download:image_size=1kB", "download: image_size must be"),
        ("primes:limits=3,4", "cannot read the workload 'primes:limits=3,4'; separate several values with plus signs"),
        ("primes:size=quick,limits=3", "primes: limits and size exclude each other"),
        ("download:follow_redirects=true", "download: follow_redirects needs urls"),
        ("sleep:tasks=99999999999999999999", "is too large; give a whole number of 1 or more, with at most 18 digits"),
        ("primes:limits=3+1", "limits of primes: '1' is not a whole number of 2 or more"),
        ("primes:algorithm=magic", "algorithm of primes: 'magic' is not one of trial, sieve"),
        ("downlod:images=3", "no workload is called 'downlod'; did you mean 'download'?"),
    ],
)
def test_settings_that_cannot_be_say_what_can(text: str, says: str) -> None:
    """The message gives the nearest name, or the values of that kind."""
    assert not is_function(text)
    with pytest.raises((UnknownName, BadSetting), match=re.escape(says)):
        workload_of(text)


def test_urls_are_a_file_that_is_read(tmp_path: Path) -> None:
    """It has a sentence of its own if it cannot be read."""
    file = tmp_path / "urls.txt"
    file.write_text("# mine\nhttp://127.0.0.1/a.png\n")
    made = workload_of(f"download:urls={file},retries=1")
    assert made.settings()["urls"] == ["http://127.0.0.1/a.png"]
    with pytest.raises(BadSetting, match="urls and latency exclude each other"):
        workload_of(f"download:urls={file},latency=1ms")
    with pytest.raises(BadInput, match="cannot read the URL file nowhere"):
        workload_of("download:urls=nowhere")


def test_a_plug_in_says_by_its_types_what_its_settings_are(other_package: None) -> None:
    """The types may be plain, optional, sequences, words, or kinds of concbench."""
    text = "spelling:words=a+b,times=2,lengths=1+2,share=0.5,loud=true,order=sorted,pause=20ms,note=x"
    assert workload_of(text).settings() == {
        "words": ["a", "b"], "times": 2, "lengths": (1, 2), "share": 0.5, "loud": True, "order": "sorted",
        "pause": 0.02, "note": "x",
    }  # fmt: skip
    assert workload_of("recited:words=a").items == ["a"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("spelling:times=two", "times of spelling: 'two' is not a whole number"),
        ("spelling:share=half", "share of spelling: 'half' is not a number"),
        ("spelling:loud=very", "loud of spelling: 'very' is not true or false"),
        ("spelling:lengths=1+x", "lengths of spelling: 'x' is not a whole number"),
        ("spelling:order=any", "order of spelling: 'any' is not one of as-given, sorted"),
        ("spelling:times=0", "spelling: times must be 1 or more, not 0"),
        ("spelling:tims=0", "did you mean 'times'?"),
        ("recited", "recited needs a setting: write recited:words=VALUE"),
    ],
)
def test_a_plug_in_is_refused_as_ours_are(text: str, says: str, other_package: None) -> None:
    """There is one line."""
    with pytest.raises(BadSetting, match=re.escape(says)):
        workload_of(text)


def test_what_has_no_annotations_has_settings_by_its_defaults() -> None:
    """The workload of the how-to is an example."""

    def make(blocks=24, share=0.5, mark="x", *rest, **more):  # type: ignore[no-untyped-def]
        raise AssertionError

    assert [setting.kind.read("7") for setting in settings_of(make).values()] == [7, 7.0, "7"]


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_setting_of_ours_is_declared_with_a_line_of_help(name: str) -> None:
    """Its default is of its kind, or None."""
    for key, setting in settings_of(workload_class(name)).items():
        assert isinstance(setting.declared, Declared)
        assert setting.declared.help, key
        assert setting.default is None or setting.kind.read(setting.default_text) == setting.default, key


def test_a_registered_name_and_a_colon_is_a_function_where_there_is_such_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If there is none, the message says how settings are written."""
    monkeypatch.chdir(tmp_path)
    for text in ("download:100", "download:images", "download:", "primes:5,limits=3"):
        assert is_function(text)
        with pytest.raises(BadFunction, match=r"there is no module '(download|primes)'; for settings of the workload"):
            object_path_of(text)
    (tmp_path / "primes.py").write_text("def images(x): return x\n")
    assert object_path_of("primes:images").module == "primes"
    assert not is_function("primes")
    assert not is_function("primes:limits=3")


SOURCE = """
raise SystemExit("it was run")
def fetch(url): return url
async def parse(text): return text
def _hidden(): pass
class Thing:
    def method(self): pass
"""


@pytest.mark.parametrize("text", ["jobs/b.py", "jobs.b", "jobs/b.py:"])
def test_a_file_or_a_module_alone_is_answered_with_its_functions(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read, and not run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "b.py").write_text(SOURCE)
    assert is_function(text)
    name = text.rstrip(":")
    says = f"{name} does not name a function; did you mean {name}:fetch or {name}:parse?"
    with pytest.raises(BadFunction, match=re.escape(says)):
        object_path_of(text)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"x = 1\n", "b.py does not name a function; write b.py:FUNCTION"),
        (b"def (", "b.py is not a Python program: invalid syntax"),
        (b"\xff\xfe\x00", "b.py is not a Python program"),
        (None, "cannot read b.py: No such file or directory"),
    ],
)
def test_a_file_that_offers_nothing_is_a_sentence(
    content: bytes | None, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This holds whatever the file contains."""
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "b.py").write_bytes(content)
    with pytest.raises(BadFunction, match=re.escape(says)):
        object_path_of("b.py")


def simulated(*workloads: str) -> Any:
    hosts = SimulatedHosts(lambda label, number: 0.1)
    return measure(*workloads, runners=["sequential"], rounds=1, hosts=hosts, seed=1)


def test_two_tables_of_one_workload_have_names_of_their_own() -> None:
    """The name without settings leads to the only table, or to a list."""
    run = simulated("sleep:tasks=2", "sleep:tasks=3", "spin:turns=10")
    assert [table.workload for table in run.tables] == ["sleep:tasks=2", "sleep:tasks=3", "spin:turns=10"]
    assert run["sleep:tasks=3"].record.tasks == 3
    assert run["spin"] is run["spin:turns=10"] is run[2]
    assert "sleep" in run
    assert "primes" not in run
    with pytest.raises(KeyError, match=r"use run\['sleep:tasks=2'\] or run\['sleep:tasks=3'\]"):
        run["sleep"]
    assert simulated("sleep", "sleep:tasks=3")["sleep"].record.tasks == 8
    assert "Answer for sleep:tasks=2" in str(run)


def test_the_name_of_an_instance_is_that_of_its_class() -> None:
    """A written setting changes the name of that workload only."""
    assert workload_of("sleep:tasks=2").name == "sleep:tasks=2"
    assert Sleep(tasks=2).name == Sleep.name == "sleep"


class Declaring(Sleep):
    """Declares which settings exclude or need others, and refuses nothing by itself."""

    name = "declaring"

    def __init__(
        self,
        tasks: Annotated[int, Declared(COUNT, "how many", excludes=("few",))] = 1,
        few: Annotated[bool, Declared(SWITCH, "only a few")] = False,
        pause: Annotated[float, Declared(DURATION, "between them", needs="tasks")] = 0.0,
    ) -> None:
        super().__init__(tasks, pause)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tasks=1,few=true", "declaring: tasks and few exclude each other; leave out one of them"),
        ("few=true,tasks=2", "declaring: tasks and few exclude each other; leave out one of them"),
        ("pause=0", "declaring: pause needs tasks, and there are none: give tasks, or leave out pause"),
        ("tasks=1,few=false", ""),
        ("tasks=2,pause=1ms", ""),
    ],
)
def test_what_is_declared_of_settings_holds_for_what_is_written(
    text: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Default values count as well, in any order; a switch that is off does not."""
    monkeypatch.setattr("concbench.registry.WORKLOADS", {"declaring": f"{__name__}:Declaring"})
    if not says:
        assert workload_of(f"declaring:{text}").name == f"declaring:{text}"
        return
    with pytest.raises(BadSetting, match=f"^{re.escape(says)}$"):
        workload_of(f"declaring:{text}")
