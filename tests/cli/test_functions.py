"""`concbench run module:function`: a user's function from the command line, and every way to get it wrong."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from concbench.cli.main import main
from concbench.results.files import from_json

ONCE = ["-r", "sequential", "-r", "thread-pool:2", "--rounds", "1", "--no-observe"]
APP = """
import os, sys, time
print("imported")
cities = ["Oslo", "Lima"]
places, motto, count = {"Oslo": 1}, "fluctuat", 7
async def stream():
    yield 1
def fetch(city):
    print("fetching", city)
    time.sleep(0.001)
    return city.upper()
def pair(a, b):
    return a + b
def greet(name, age):
    return name + age
def fail_on_lima(city):
    if city == "Lima":
        raise LookupError("no such city: " + city)
    return city
def restless(city):
    os.chdir("/")
    os.environ["HOME"] = "nowhere"
    print("x" * 100_000)
    print(sys.stdin.read(), file=sys.stderr)
    return city
def leave(city):
    os._exit(3)
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "tools.py").write_text("from .words import up\n")
    (tmp_path / "package" / "words.py").write_text("def up(word):\n    return word.upper()\n")
    (tmp_path / "broken.py").write_text("import os\n\ndef late():\n    return 1 / 0\n\nlate()\n")
    (tmp_path / "unparsable.py").write_text("def f(:\n")
    (tmp_path / "unguarded.py").write_text("import sys\ndef f(x): ...\nsys.exit(4)\n")
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "json.py").write_text("def dumps(x): ...\n")
    (tmp_path / "cities.txt").write_text("Oslo\nLima\nRiga\n")
    (tmp_path / "pairs.jsonl").write_text("[1, 2]\n[3, 4]\n")
    (tmp_path / "people.csv").write_text("name,age\nOslo,1\nLima,2\n")
    (tmp_path / "ragged.csv").write_text("name,age\nOslo\n")
    (tmp_path / "bytes.bin").write_bytes(b"\xff\xfe\x00")
    return tmp_path


def run(app: Path, *arguments: str, feed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "concbench", "run", *arguments],
        capture_output=True, text=True, timeout=100, check=False, cwd=app, env=os.environ, input=feed,
    )  # fmt: skip


def test_a_function_of_the_current_directory_is_measured_over_a_file(app: Path) -> None:
    """Its output is not in the table, and the number of calls is announced first."""
    done = run(app, "app:fetch", "--items", "cities.txt", *ONCE, "--details")
    assert done.returncode == 0, done.stderr
    assert "app:fetch: 3 items from cities.txt" in done.stdout
    assert "agree with the sequential results" in done.stdout
    assert "fetching" not in done.stdout
    assert "imported" not in done.stdout
    assert "app:fetch will be called at least 9 times (3 per execution), up to 2 at once" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "feed"),
    [
        (["./app.py:fetch", "--items", "app:cities"], ""),
        (["package/tools.py:up", "--items", "-"], "a\nb\n"),
        (["package.tools:up", "--items", "cities.txt", "--limit", "1"], ""),
        (["app:pair", "--items", "pairs.jsonl", "--star"], ""),
        (["app:greet", "--items", "people.csv", "--star"], ""),
        (["app:fetch", "--items", "**/c*.txt"], ""),
        (["math:factorial", "--items", "1..9", "--sample", "4", "--seed", "1"], ""),
        (["time:time", "--repeat", "3", "--no-check"], ""),
        (["app:fail_on_lima", "--items", "app:cities", "--tolerate"], ""),
    ],
)
def test_functions_and_items_come_from_anywhere(
    app: Path, arguments: list[str], feed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Functions of files, packages and the standard library; items from standard input, ranges and lists of modules."""
    monkeypatch.chdir(app)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(feed.encode())))
    assert main(["run", *arguments, *ONCE]) == 0, capsys.readouterr().err


def test_what_a_function_does_to_its_process_disturbs_nothing(app: Path) -> None:
    """It prints a lot, reads standard input, and changes directory and environment."""
    done = run(app, "app:restless", "--items", "app:cities", *ONCE, "-r", "process-pool:2", "--json", feed="typed")
    record = from_json(done.stdout)
    assert done.returncode == 0, done.stderr
    assert {cell.outcome.kind for cell in record.tables[0].cells} == {"ok"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["app:fail_on_lima", "--items", "app:cities"],
            "LookupError: no such city: Lima; raised by task 1, item 'Lima'",
        ),
        (["app:leave", "--items", "app:cities"], "exit code 3"),
    ],
)
def test_a_function_that_fails_is_a_row_with_its_reason(app: Path, arguments: list[str], says: str) -> None:
    """The exit code is 1, and there is no traceback."""
    done = run(app, *arguments, *ONCE)
    assert done.returncode == 1
    assert says in " ".join(done.stdout.split())
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere:fetch"], "no module 'nowhere'"),
        (["nowhere.py:fetch"], "no file nowhere.py"),
        (["app:fetsh"], "did you mean 'fetch'"),
        (["app:cities", "--items", "1..2"], "cannot be called"),
        (["app:fetch"], "--items"),
        (["app:pair", "--items", "pairs.jsonl"], "--star"),
        (["app:fetch", "--items", "nowhere.txt"], "cannot read nowhere.txt: No such file or directory"),
        (
            ["app:fetch", "--items", "bytes.bin"],
            "bytes.bin is not UTF-8 text: save it as UTF-8, or write '*.bin' (in quotes) for paths of files",
        ),
        (["app:fetch", "--items", "-"], "no items in standard input: write one per line"),
        (["app:fetch", "--items", "/dev/null"], "no items in /dev/null"),
        (["app:fetch", "--items", "*.nowhere"], "matches the pattern *.nowhere"),
        (["app:fetch", "--items", "package"], "write 'package/*' (in quotes)"),
        (["app:fetch", "--items", "cities.txt", "pairs.jsonl"], "write a pattern of paths in quotes"),
        (["--items", "cities.txt", "pairs.jsonl", "app:fetch"], "the shell does not expand it (--items '*.txt')"),
        (["app.py", "--items", "cities.txt"], "app.py does not name a function; did you mean app.py:stream"),
        (["app:fetch", "--items", "ragged.csv"], "line 2 of ragged.csv has 1 value, and the header has 2 columns"),
        (
            ["app:fetch", "--items", "people.csv", "--star"],
            "app:fetch(city) cannot be called with (name='Oslo', age='1')",
        ),
        (["app:fetch", "--items", "cities.txt", "--repeat", "2"], "--repeat"),
        (["app:fetch", "--limit", "2"], "--items"),
        (["app:fetch", "--items", "cities.txt", "--max-calls", "5"], "at least 9 times"),
        (["app:fetch", "--items", "cities.txt", "--context", "app:nothing"], "has no nothing"),
        (["app:fetch", "--items", "cities.txt", "--check", "app:pair", "--no-check"], "exclude each other"),
        (["shadow/json.py:dumps", "--items", "1..2"], "shadow/json.py: Python has its own module 'json'"),
        (["app:fetch", "--items", "app:places"], "each key would be an item: write list(d.items())"),
        (["app:fetch", "--items", "app:motto"], "each character would be an item"),
        (["app:fetch", "--items", "app:count"], "write range(7) for so many"),
        (["app:fetch", "--items", "app:stream"], "write [item async for item in items]"),
        (
            ["app:fetch", "--items", "1..2", "-w", "2,4", "-r", "sequential", "-r", "thread-pool:2"],
            "--workers has nothing",
        ),
        (["app:fetch", "--items", "1..2", "--size", "full"], "--size applies only to download and primes"),
        (["primes", "--items", "1..2"], "--items is for a function of your own"),
        (["broken:f", "--items", "1..2"], "ZeroDivisionError"),
        (["unparsable:f", "--items", "1..2"], "SyntaxError"),
        (["unguarded:f", "--items", "1..2"], "__main__"),
    ],
)
def test_a_mistake_is_one_line_of_ours_and_exit_code_2(
    app: Path, arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is measured or written; a traceback is that of the module, without our frames."""
    monkeypatch.chdir(app)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    code = main(["run", *arguments, *([] if "-r" in arguments else ONCE), "-o", "run.json"])
    printed = capsys.readouterr()
    *shown, last = printed.err.splitlines()
    assert (code, printed.out) == (2, "")
    assert last.startswith("concbench: ")
    assert says in last
    assert not (app / "run.json").exists()
    assert not any("concbench/" in line or "importlib" in line for line in shown)
    assert bool(shown) == arguments[0].startswith(("broken", "unparsable", "unguarded"))


def test_a_module_that_raises_shows_its_own_frames(app: Path) -> None:
    """Its author finds the line; the exit code is that of the command."""
    done = run(app, "broken:f", "--items", "1..2", *ONCE)
    assert done.returncode == 2
    assert "broken.py" in done.stderr
    assert "return 1 / 0" in done.stderr


def test_paths_are_found_though_the_module_changes_the_directory(app: Path) -> None:
    """Every process finds them; a module that reads standard input and writes files does not change an item either."""
    (app / "restless.py").write_text(
        "import os, pathlib, sys\nsys.stdin.read()\npathlib.Path('cities.txt').write_text('spoilt')\n"
        "pathlib.Path('cities-too.txt').touch()\nos.chdir('/')\ndef size(path):\n    return os.path.getsize(path)\n"
    )
    done = run(app, "restless:size", "--items", "c*.txt", *ONCE, "-r", "process-pool:2", "--json", feed="typed")
    table = from_json(done.stdout).tables[0]
    assert {cell.outcome.kind for cell in table.cells} == {"ok"}, done.stdout
    assert table.tasks == 1


def test_numbers_that_are_passed_as_texts_are_told_before_the_first_call(app: Path) -> None:
    """They are reported even if the function then fails."""
    done = run(app, "math:sqrt", "--items", "-", *ONCE, feed="4\n9\n")
    assert done.returncode == 1
    first = done.stderr.splitlines()[0]
    assert first.startswith(
        "concbench: numbers in standard input are passed as strings, such as '4': for numbers, write JSON"
    )
    assert first.endswith("or call int() or float() in math:sqrt")
