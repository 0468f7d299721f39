"""The command line: its output, its exit codes, and one line for every mistake."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import urllib3
from http_faults import FaultyServer

from concbench import __version__
from concbench.cli.main import main
from concbench.results.files import from_json, load

QUICK = ["run", "primes", "--limits", "300,200", "-r", "sequential", "-r", "thread-pool:2"]


def run(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "concbench", *arguments],
        capture_output=True, text=True, timeout=100, check=False, cwd=cwd, env={**os.environ, **environment},
    )  # fmt: skip


def test_a_run_prints_tables_and_then_the_answer_and_nothing_on_stderr() -> None:
    """The exit code is 0."""
    done = run(*QUICK, "--rounds", "2")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.index("thread-pool(2)") < done.stdout.index("Answer for primes")
    assert "\x1b" not in done.stdout


def test_json_prints_the_results_file_and_nothing_else() -> None:
    """It is the format that `show` reads."""
    done = run(*QUICK, "--json", "--rounds", "2", "--seed", "7")
    record = from_json(done.stdout)
    assert record.seed == 7
    assert [cell.label for cell in record.tables[0].cells] == ["sequential", "thread-pool:2"]
    assert all(len(cell.samples) == 2 for cell in record.tables[0].cells)


def test_results_are_written_and_shown_again(tmp_path: Path) -> None:
    """`show FILE` prints what `run` printed; without a file, the last run."""
    file = tmp_path / "run.json"
    first = run(*QUICK, "--rounds", "1", "-o", str(file))
    assert load(file).concbench == __version__
    assert run("show", str(file)).stdout == first.stdout
    assert run("show").stdout == first.stdout
    assert json.loads(run("show", "--json", str(file)).stdout) == json.loads(file.read_text())


def test_show_before_anything_was_measured_says_what_to_do() -> None:
    """The exit code is 2."""
    done = run("show")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing has been measured yet" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "primess"], "did you mean 'primes'"),
        (["primes"], "concbench run primes"),
        (["rnu"], "did you mean 'run'"),
        (["run"], "WORKLOAD"),
        (["run", "primes", "-r", "thread-pol"], "did you mean 'thread-pool'"),
        (["run", "primes", "-r", "thread-pool:0"], "whole number, 1 or more"),
        (["run", "primes", "-r", "thread-pool:many"], "'many' is not a whole number"),
        (["run", "primes", "-r", "thread-pool:=3"], "cannot read the runner"),
        (["run", "primes", "-w", "0"], "'0' is not a whole number of 1 or more"),
        (["run", "primes", "-w", "1,-1"], "'-1' is not"),
        (["run", "primes", "-w", "many"], "'many' is not"),
        (["run", "primes", "--rounds", "0"], "'0' is not"),
        (["run", "primes", "--rounds", "101"], "rounds must be 1 to 100, not 101"),
        (["run", "primes", "--max-rounds", "2"], "max-rounds must be 3 to 100, not 2: three are the least"),
        (["run", "primes", "--budget", "0"], "budget must be more than 0 seconds"),
        (["run", "primes", "--precision", "0"], "precision must be more than 0 %"),
        (["run", "primes", "--precision", "narrow"], "is not a share such as 5%"),
        (["run", "primes", "--limits", "10,x"], "'x' is not a whole number of 2 or more"),
        (["run", "primes", "--limits", "10.5"], "'10.5' is not"),
        (["run", "primes", "--latency", "1ms"], "--latency applies only to download, which this command does not run"),
        (["run", "download", "--latency=-1ms"], "negative"),
        (["run", "download", "--latency", "soon"], "is not a time such as 20ms"),
        (["run", "download", "--image-size", "1kB"], "download: image_size must be"),
        (["run", "download", "--images", "0"], "'0' is not"),
        (["run", "primes", "--retries", "1"], "--retries applies only to download"),
        (["run", "primes", "--follow-redirects"], "--follow-redirects applies only to download"),
        (["run", "download", "--follow-redirects"], "download: --follow-redirects needs --urls, and there are none"),
        (["run", "primes", "--tolerate"], "--tolerate is for"),
        (["run", "download", "--request-timeout", "0"], "download: request_timeout must be"),
        (["run", "download", "--size-limit", "0"], "download: size_limit must be"),
        (["run", "download", "--retries", "often"], "'often' is not"),
        (["run", "download", "--limits", "10"], "--limits applies only to primes"),
        (["run", "primes", "--size", "huge"], "size of primes: 'huge' is not one of quick, article, full"),
        (["run", "sleep", "--size", "full"], "--size applies only to download and primes"),
        (
            ["run", "primes", "--size", "full", "--limits", "10"],
            "--limits and --size exclude each other",
        ),
        (["run", "download", "--size", "full", "--images", "3"], "download: --images and --size exclude each other"),
        (
            ["run", "download", "--size", "full", "--urls", "good.txt"],
            "download: --urls and --size exclude each other",
        ),
        (["run", "primes", "-r", "threads", "-w", "2,4"], "--workers has nothing to try: threads"),
        (["run", "primes", "-r", "thread-pool:2", "-w", "4"], "--workers has nothing to try: thread-pool:2"),
        (["run", "primes", "--why", "--json"], "--why needs text"),
        (["show", "--env", "--json"], "--env needs text"),
        (["show", "--why", "--json"], "--why needs text"),
        (["run", "primes", "-r", "threads", "--baseline", "sequential"], "not among the runners"),
        (["run", "primes", "-r", "threads", "-r", "threads"], "twice"),
        (["run", "download", "--urls", "missing.txt"], "cannot read the URL file missing.txt"),
        (["run", "download", "--urls", "empty.txt"], "has no URLs"),
        (["run", "download", "--urls", "binary.txt"], "is not UTF-8 text"),
        (["run", "download", "--urls", "bad.txt"], "bad.txt, line 2: 'nonsense' is not an http or https URL"),
        (
            ["run", "download", "--urls", "good.txt", "--images", "3"],
            "download: --urls and --images exclude each other",
        ),
        (["run", "download", "--keep", "full", "-r", "sequential"], "not empty"),
        (["run", "primes", "-o", "exists.json"], "--force overwrites it"),
        (["run", "primes", "-o", "full"], "is a directory"),
        (["run", "primes", "-o", "missing/run.json"], "the directory missing does not exist"),
        (["show", "missing.json"], "cannot read missing.json"),
        (["show", "bad.txt"], "is not JSON"),
        (["serve", "--port", "70000"], "is not a port"),
        (["serve", "--latency=-5"], "negative"),
        (["--frobnicate"], "run has no option --frobnicate"),
    ],
)
def test_a_mistake_is_one_line_exit_code_two_and_nothing_written(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says what to do."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "bad.txt").write_text("http://127.0.0.1/a\nnonsense\n")
    (tmp_path / "good.txt").write_text("http://127.0.0.1/a\n")
    (tmp_path / "exists.json").write_text("precious")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    before = sorted(tmp_path.rglob("*"))
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("concbench: ")
    assert printed.err.count("\n") == 1
    assert says in printed.err
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "exists.json").read_text() == "precious"


def test_force_overwrites(tmp_path: Path) -> None:
    """The old content is gone, and the new results are complete."""
    file = tmp_path / "run.json"
    file.write_text("old")
    assert main([*QUICK, "--rounds", "1", "-o", str(file), "--force"]) == 0
    assert load(file).tables


def test_a_cell_that_fails_makes_exit_code_one_and_a_row_with_its_reason(tmp_path: Path) -> None:
    """Nothing answers at a URL; the table is still printed."""
    urls = tmp_path / "urls.txt"
    urls.write_text("http://127.0.0.1:1/nobody.png\n")
    done = run("run", "download", "--urls", str(urls), "-r", "sequential", "-r", "threads")
    assert done.returncode == 1
    assert "0 of 1 downloaded; 1 not connected" in done.stdout
    assert "Connection refused" in " ".join(done.stdout.split())
    assert "No answer" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_downloads_that_fail_are_counted_and_retried_if_that_is_wanted(tmp_path: Path) -> None:
    """The table says both."""
    with FaultyServer() as server:
        names = ("1.png", "2.png", "not_found.png", "unavailable_at_first.png")
        (tmp_path / "urls.txt").write_text("".join(f"{server.url(name)}\n" for name in names))
        done = run(
            "run", "download", "--urls", str(tmp_path / "urls.txt"), "--tolerate", "--retries", "1", "--no-observe",
            "-r", "sequential", "-o", str(tmp_path / "run.json"),
        )  # fmt: skip
    assert done.returncode == 0
    assert "4 URLs, at most 10 connections to a host, up to 1 retry each" in done.stdout
    missing = server.url("not_found.png")
    assert f"sequential: 3 of 4 tasks succeeded; 1 answered 404 (the first: {missing})" in " ".join(done.stdout.split())
    (sample,) = load(tmp_path / "run.json").tables[0].cells[0].samples
    assert sample.failed == {"answered 404": 1}
    assert sample.failed_items == {"answered 404": [missing]}
    assert sample.retries in {0, 1}


def test_processes_refuse_too_many_and_that_is_no_failure() -> None:
    """The row says how to allow it."""
    limits = ",".join(["10"] * 300)
    done = run("run", "primes", "--limits", limits, "-r", "sequential", "-r", "processes", "--rounds", "1")
    assert done.returncode == 0
    assert "processes:limit=300" in " ".join(done.stdout.split())


@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["run", "--help"]])
def test_without_docstrings_the_same_is_said(arguments: list[str]) -> None:
    """Docstrings are gone under `python -OO`."""
    command = [sys.executable, "-OO", "-m", "concbench", *arguments]
    assert (
        subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout == run(*arguments).stdout
    )


def test_a_file_of_the_user_is_not_taken_for_a_module_of_python_by_the_command_itself(tmp_path: Path) -> None:
    """Python puts the current directory first on the path of `python -m`."""
    for name in ("random", "json", "rich"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('the wrong one')\n")
    assert run(*QUICK, "--rounds", "1", "--no-observe", cwd=tmp_path).returncode == 0


def test_every_way_of_the_article_is_listed_with_its_settings() -> None:
    """The list also has what is missing here, with the reason."""
    done = run("list")
    for name in ("sequential", "threads", "batched-threads", "processes", "thread-pool", "process-pool", "asyncio"):
        assert re.search(rf"^  {name} ", done.stdout, re.MULTILINE)
    for name in ("download", "primes", "Not available here", "workers=32"):
        assert name in done.stdout


def test_version_and_help() -> None:
    """Both exit with 0."""
    assert run("--version").stdout == f"concbench {__version__}\n"
    assert "commands:" in run("--help").stdout
    assert "--image-size" in run("run", "--help").stdout


def test_no_color_is_obeyed_on_a_terminal() -> None:
    """Without NO_COLOR there are colours, with it there are none."""
    assert "\x1b[1m" in _on_terminal({})[0] or "\x1b[32m" in _on_terminal({})[0]
    text, _ = _on_terminal({"NO_COLOR": "1"})
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", text)


def test_progress_is_drawn_on_a_terminal_and_gone_at_the_end() -> None:
    """The report is on standard output, which the progress does not touch."""
    text, errors = _on_terminal({})
    assert "primes, round 1: thread-pool(2)" in errors
    assert "results so far" in errors
    assert errors.rindex("results so far") < errors.rindex("\x1b[2K")
    assert errors.rindex("\x1b[?25l") < errors.rindex("\x1b[?25h")
    assert "primes, round" not in text
    assert "results so far" not in text


def _on_terminal(environment: dict[str, str]) -> tuple[str, str]:
    """Standard output and standard error of a quick run, each on a terminal of its own."""
    out_parent, out_child = pty.openpty()
    err_parent, err_child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "concbench", *QUICK, "--rounds", "1"],
        stdout=out_child, stderr=err_child, env={**os.environ, "TERM": "xterm-256color", **environment},
    )  # fmt: skip
    os.close(out_child)
    os.close(err_child)
    texts = [_read_all(out_parent), _read_all(err_parent)]
    assert process.wait(60) == 0
    return texts[0], texts[1]


def _read_all(descriptor: int) -> str:
    parts = []
    try:
        while part := os.read(descriptor, 65_536):
            parts.append(part)
    except OSError:  # the other end of a terminal was closed
        pass
    os.close(descriptor)
    return b"".join(parts).decode()


def test_an_interruption_ends_everything_with_130_and_keeps_the_rounds(tmp_path: Path) -> None:
    """Ctrl-C reaches the command alone; its hosts are gone when it has ended."""
    file = tmp_path / "run.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "concbench", *QUICK, "--limits", "9000,8000", "--rounds", "100", "-o", str(file)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not (file.exists() and load(file).tables[0].cells[0].samples) and time.monotonic() < deadline:
        time.sleep(0.05)
    hosts = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert "Interrupted" in out
    assert load(file).interrupted
    assert load(file).tables[0].cells[0].samples
    assert not psutil.wait_procs(hosts, timeout=5)[1]


def test_serve_serves_and_ends_with_ctrl_c() -> None:
    """The addresses are printed where another program can read them."""
    process = subprocess.Popen(
        [sys.executable, "-m", "concbench", "serve", "--images", "3", "--latency", "0", "--image-size", "5kB"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    url = lines[1].split()[-1]
    addresses = urllib3.request("GET", url).data.decode().split()
    assert len(addresses) == 3
    assert len(urllib3.request("GET", addresses[2]).data) == 5_000
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


def test_the_results_hold_no_secrets_of_the_environment() -> None:
    """Of its variables, only the few that decide on threads are recorded."""
    done = run(*QUICK, "--rounds", "1", "--json", API_TOKEN="correct-horse", OMP_NUM_THREADS="1")
    assert "correct-horse" not in done.stdout
    assert from_json(done.stdout).environment["variables"]["OMP_NUM_THREADS"] == "1"


def test_an_interrupted_run_goes_on_from_its_file(tmp_path: Path) -> None:
    """The same command is run with --resume; changed items are another run."""
    (tmp_path / "app.py").write_text(
        "import os, signal, time\n"
        "def work(item):\n"
        "    time.sleep(0.005)\n"
        "    with open('calls', 'a') as calls:\n"
        "        calls.write('x')\n"
        "    if os.path.getsize('calls') == 45:\n"
        "        os.kill(os.getppid(), signal.SIGINT)\n"
        "        time.sleep(1)\n"
        "    return item\n"
    )
    items = tmp_path / "items.txt"
    items.write_text("".join(f"{number}\n" for number in range(10)))
    command = ["run", "app:work", "--items", "items.txt", "-r", "sequential", "--rounds", "6", "--no-observe"]
    stopped = run(*command, "-o", "run.json", cwd=tmp_path)
    assert stopped.returncode == 130
    assert "to continue, repeat the command with --resume run.json" in stopped.stderr
    before = load(tmp_path / "run.json").tables[0]
    assert before.rounds == 2
    items.write_text("".join(f"{number}\n" for number in range(1, 11)))
    refused = run(*command, "--resume", "run.json", cwd=tmp_path)
    assert refused.returncode == 2
    assert "cannot resume that run: items sha256 of settings of app:work was" in refused.stderr
    items.write_text("".join(f"{number}\n" for number in range(10)))
    done = run(*command, "--resume", "run.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Interrupted, and resumed after round 2." in done.stdout
    after = load(tmp_path / "run.json").tables[0]
    assert after.cells[0].samples[:2] == before.cells[0].samples[:2]
    assert [sample.round for sample in after.cells[0].samples] == list(range(6))
