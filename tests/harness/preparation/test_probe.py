"""The process that imports the user's function: it ends with its answer, whatever the module has done."""

import os
import resource
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from traces import WHERE, left

from concbench.errors import BadFunction, HostFailure
from concbench.harness.preparation.probe import named_workload
from concbench.workloads.download.workload import Download
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.item_source import ItemSource
from concbench.workloads.function.lookup import ObjectPath

BEHIND = {
    "nothing": "",
    "a thread": "threading.Thread(target=time.sleep, args=(1000,)).start()",
    "an executor": "pool = ThreadPoolExecutor(2); pool.submit(time.sleep, 1000)",
    "a program": "subprocess.Popen(['sleep', '1000'])",
    "a program in a session of its own": "subprocess.Popen(['sleep', '1000'], start_new_session=True)",
    "a forked child": "os.fork() or time.sleep(1000)",
    "a forked child that comes back": "os.fork()",
    "an atexit hook": "atexit.register(time.sleep, 1000)",
    "words on standard output": "print('{}'); os.write(1, b'{}')",
    "a look at standard input": "assert sys.stdin.read() == open('/dev/stdin').read() == ''",
    "closed descriptors": "os.closerange(3, 256)",
    "functions that are not Python's": "json.dumps = json.loads = os.getpid = os.read = os.write = lambda *_: b''",
}
HEAD = (
    "import atexit, json, os, subprocess, sys, threading, time\nfrom contextlib import suppress\n"
    "from concurrent.futures import ThreadPoolExecutor\n"
)
TAIL = "\ndef work(item):\n    return item\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(WHERE, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert left(tmp_path, 2.0) == set()


def tasks(name: str, **options: float) -> int:
    return named_workload(ObjectPath.read(name), CallForm(), ItemSource("1..3"), limit=options.get("limit", 60.0)).tasks


@pytest.mark.parametrize("behind", BEHIND)
def test_whatever_a_module_leaves_behind_the_answer_comes_and_nothing_stays(
    here: Path, behind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fixture checks it."""
    monkeypatch.setattr("concbench.harness.hosts.child._LEAVE_SECONDS", 0.2)
    (here / "app.py").write_text(HEAD + BEHIND[behind] + TAIL)
    began = time.monotonic()
    assert tasks("app:work") == 3
    assert time.monotonic() - began < 20


def test_what_interpreters_start_as_they_start_goes_with_them(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guardian and the image server are covered, too; the fixture checks it."""
    (here / "site").mkdir()
    (here / "site" / "sitecustomize.py").write_text("import os, time\nos.fork() or time.sleep(1000)\n")
    monkeypatch.setenv("PYTHONPATH", f"{here / 'site'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    (here / "app.py").write_text(TAIL)
    assert tasks("app:work") == 3
    with Download(images=1).running(str(here)):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="only there is it found")
def test_a_program_without_session_and_environment_in_common_is_ended(here: Path) -> None:
    """It is found by the limit that it inherited."""
    does = "subprocess.Popen(['sleep', '86422'], start_new_session=True, env={})"
    (here / "app.py").write_text(HEAD + does + TAIL)
    tasks("app:work")
    found = [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "86422"]]
    assert [one.pid for one in found if one.status() != psutil.STATUS_ZOMBIE] == []


def test_what_it_prints_is_in_a_file_with_its_mark(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run finds by that mark what a killed one has left."""
    monkeypatch.setattr("tempfile.tempdir", str(here))
    (here / "app.py").write_text(
        "import os, pathlib\nfiles = [path.stem for path in pathlib.Path().glob('concbench-run-*/probe-*.log')]\n"
        f"assert files == ['probe-' + os.environ['CONCBENCH_HOST'].split()[-1]], files{TAIL}"
    )
    assert tasks("app:work") == 3
    assert {path.name for path in here.iterdir()} <= {"app.py", "__pycache__"}


def test_cleaning_up_at_the_end_is_not_cut_short(here: Path) -> None:
    """A module that makes a temporary directory removes it when its process ends."""
    (here / "app.py").write_text(f"import tempfile\nkept = tempfile.TemporaryDirectory(dir={str(here)!r}){TAIL}")
    tasks("app:work")
    assert {path.name for path in here.iterdir()} <= {"app.py", "__pycache__"}


@pytest.mark.parametrize("does", ["time.sleep(1000)", "lock = threading.Lock(); [lock.acquire() for _ in 'ab']"])
def test_an_import_that_does_not_come_back_has_a_limit(here: Path, does: str) -> None:
    """The limit can be set."""
    (here / "app.py").write_text(HEAD + does + TAIL)
    with pytest.raises(BadFunction, match=r"^importing app and reading the items took more than 0.5 s; --import-"):
        tasks("app:work", limit=0.5)


def test_within_a_budget_an_import_may_take_its_share(here: Path) -> None:
    """It gets 60 %, and no more than the limit of the import itself; the message names the option that allows more."""
    (here / "app.py").write_text(HEAD + "time.sleep(1000)" + TAIL)
    for limit, says in ((None, "0.6 s; --budget allows"), (50.0, "0.6 s; --budget allows"), (0.5, "0.5 s; --import-")):
        with pytest.raises(BadFunction, match=f"took more than {says}"):
            named_workload(ObjectPath.read("app:work"), CallForm(), ItemSource("1..3"), limit=limit, budget=1.0)


def test_somebody_is_told_once_what_is_waited_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message comes after two seconds; here after a tenth of one."""
    monkeypatch.setattr("concbench.harness.hosts.import_wait.NOTICE_SECONDS", 0.1)
    (here / "app.py").write_text(HEAD + "time.sleep(0.5)" + TAIL)
    said: list[str] = []
    named_workload(ObjectPath.read("app:work"), CallForm(), ItemSource("1..3"), limit=50, tell=said.append)
    assert said == ["importing app and reading the items is taking long; the limit is 50 s (--import-timeout)"]


@pytest.mark.parametrize(
    ("does", "says"),
    [
        (
            "print('last words', flush=True); os._exit(3)",
            "the process that imports app died (exit code 3); last printed: last words",
        ),
        ("os.kill(os.getpid(), 9)", "the process that imports app died (signal SIGKILL)"),
        (
            "os.closerange(3, 65536)",
            "the process that imports app can no longer answer: something in it has replaced the ",
        ),
        (
            "os.execvp('sleep', ['sleep', '1000'])",
            "the process that imports app can no longer answer: something in it has",
        ),
        ("for fd in range(3, 1100):\n  with suppress(OSError): os.write(fd, b'x')", "something else wrote"),
    ],
)
def test_an_import_that_ends_its_process_is_one_sentence(
    here: Path, does: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its output is in the note."""
    monkeypatch.setattr("concbench.harness.hosts.child._DYING_SECONDS", 0.3)
    (here / "app.py").write_text(HEAD + does + TAIL)
    with pytest.raises(BadFunction) as raised:
        tasks("app:work")
    assert str(raised.value).startswith(says)
    assert ("last words" in "".join(getattr(raised.value, "__notes__", []))) == ("last words" in does)


@pytest.mark.parametrize("name", ["queue", "types", "asyncio", "mmap"])
def test_a_file_that_is_called_like_a_module_which_workers_import_is_refused(here: Path, name: str) -> None:
    """A path, a module name, or a file beside the function: one sentence says what to rename."""
    (here / f"{name}.py").write_text(TAIL)
    (here / "app.py").write_text(TAIL)
    for function in (f"{name}:work", f"./{name}.py:work", "app:work"):
        with pytest.raises(BadFunction, match=rf"^rename .*{name}\.py: Python has its own module '{name}'"):
            tasks(function)


@pytest.mark.parametrize("function", ["numbers:work", "./numbers.py:work", "test:work", "random:random"])
def test_a_name_that_means_one_module_everywhere_is_taken(here: Path, function: str) -> None:
    """This holds even if the standard library has a module of that name."""
    for name in ("numbers", "test"):
        (here / f"{name}.py").write_text(TAIL)
    source = ItemSource() if function == "random:random" else ItemSource("1..3")
    how = CallForm(arguments=function != "random:random")
    assert named_workload(ObjectPath.read(function), how, source).tasks == (1 if function == "random:random" else 3)


def test_items_of_another_module_of_the_same_name_are_refused(here: Path) -> None:
    """Of two files app.py, one is imported."""
    (here / "other").mkdir()
    for place in (here, here / "other"):
        (place / "app.py").write_text(f"items = [1, 2, 3]{TAIL}")
    with pytest.raises(BadFunction, match=r"^app:items: the name 'app' belongs to another module \(.*other/app\.py\)"):
        named_workload(ObjectPath.read("other/app.py:work"), CallForm(), ItemSource("app:items"))


def test_where_no_process_or_thread_can_be_started_there_is_a_sentence(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it stays; the fixtures check it."""
    (here / "app.py").write_text(TAIL)

    def refused(*arguments: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refused)
        with pytest.raises(HostFailure, match=r"^no process can be started to import app: can't start new thread$"):
            tasks("app:work")


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
def test_with_few_descriptors_there_is_an_answer_or_a_sentence(here: Path) -> None:
    """This holds for any number of free descriptors; none is leaked."""
    (here / "app.py").write_text(TAIL)
    own = Path("/proc/self/fd")
    open_before, allowed = len(list(own.iterdir())), resource.getrlimit(resource.RLIMIT_NOFILE)
    seen = set()
    for more in range(0, 16, 3):
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_before + more, allowed[1]))
        try:
            seen.add(str(tasks("app:work")))
        except (HostFailure, OSError) as error:
            seen.add(str(error).rpartition(": ")[2] if isinstance(error, HostFailure) else str(error.strerror))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, allowed)
    assert seen == {"Too many open files", "3"}
    assert len(list(own.iterdir())) == open_before


@pytest.mark.parametrize(
    ("source", "items", "program"),
    [
        ({"text": "items.txt"}, ["one", "two"], '"{here}/items.txt"'),
        ({"text": "-", "content": "one\ntwo"}, ["one", "two"], "sys.stdin"),
        ({"text": "/dev/fd/63", "content": "one\ntwo"}, ["one", "two"], "sys.stdin"),
        ({"text": "i*.txt"}, ["{here}/items.txt"], '"{here}/i*.txt"'),
        ({"text": "app:names", "limit": 2}, ["one", "two"], "names"),
        ({"text": "./app.py:names", "limit": 2}, ["one", "two"], "names"),
        ({"text": "others:names"}, ["other"], "others"),
    ],
)
def test_items_are_read_before_the_module_changes_what_there_is(
    here: Path, source: dict[str, Any], items: list[str], program: str
) -> None:
    """It changes directory, standard input and files; the pasted program still reads the same items."""
    (here / "items.txt").write_text("one\ntwo\n")
    (here / "others.py").write_text("names = ['other']")
    does = "for name in ('items.txt', 'it-is-new.txt'): open(name, 'w').close()\nsys.stdin.read(); os.chdir('/')\n"
    (here / "app.py").write_text(f"{HEAD}{does}names = ['one', 'two', 'three']{TAIL}")
    workload = named_workload(ObjectPath.read("app:work"), CallForm(), ItemSource(**source))
    assert workload.items == [item.format(here=here) for item in items]
    call = workload.call(1)
    assert program.format(here=here) in "\n".join([*map(str, call.imports), *call.before, call.items])


def test_where_the_directory_stays_paths_stay_relative(here: Path) -> None:
    """They are relative as in the pattern, for the function and for the program."""
    (here / "items.txt").write_text("one")
    (here / "app.py").write_text(TAIL)
    workload = named_workload(ObjectPath.read("app:work"), CallForm(), ItemSource("i*.txt"))
    assert workload.items == ["items.txt"]
    assert 'glob("i*.txt")' in workload.call(1).items


@pytest.mark.parametrize(("context", "written"), [("told", "(3)"), ("untold", "()")])
def test_the_program_tells_a_context_what_it_is_told_when_it_is_measured(
    here: Path, context: str, written: str
) -> None:
    """Only the process that examined it knows."""
    (here / "app.py").write_text(f"def told(workers): ...\n\ndef untold(): ...\n{TAIL}")
    workload = named_workload(
        ObjectPath.read("app:work"), CallForm(context=ObjectPath.read(f"app:{context}")), ItemSource("1..3")
    )
    assert workload.call(3).context.endswith(written)
