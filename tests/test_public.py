"""The public names, what importing them costs, and how they behave in scripts and notebooks."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import concbench
from concbench import Asyncio, Primes, Sequential, ThreadPool, measure
from concbench.workloads.primes import product_of_primes


def python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_public_name_is_there() -> None:
    """And listed by dir()."""
    for name in concbench.__all__:
        assert getattr(concbench, name)
        assert name in dir(concbench)
    with pytest.raises(AttributeError, match="nonsense"):
        concbench.nonsense  # noqa: B018


def test_importing_concbench_imports_nothing_of_others() -> None:
    """Nor most of the standard library."""
    code = (
        "import sys; before = set(sys.modules); import concbench; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(*sorted(new - set(sys.stdlib_module_names)))"
    )
    assert python(code) == "concbench"


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("concbench.host.main", {"numpy", "rich", "aiohttp", "urllib3", "psutil", "asyncio"}),
        ("concbench.workloads.http_client", {"numpy", "rich", "aiohttp", "psutil", "asyncio"}),
        ("concbench.workloads.async_http_client", {"numpy", "rich", "urllib3", "psutil"}),
        ("concbench.workloads.download", {"numpy", "rich", "aiohttp", "urllib3", "psutil", "asyncio"}),
        ("concbench.workloads.primes", {"numpy", "rich", "aiohttp", "urllib3", "psutil", "asyncio"}),
        ("concbench.testing", {"numpy", "rich", "aiohttp", "urllib3", "psutil", "asyncio"}),
        ("concbench.cli.main", {"numpy", "rich", "aiohttp", "urllib3", "psutil", "asyncio"}),
    ],
)
def test_what_a_worker_imports_is_what_its_function_needs(module: str, unwanted: set[str]) -> None:
    """An import that a spawned worker does not need would be part of what is measured."""
    loaded = set(python(f"import sys, {module}; print(*sys.modules)").split())
    assert not loaded & unwanted


def test_runners_work_alone() -> None:
    """As the first lines of the README say."""
    with ThreadPool(workers=4) as runner:
        assert runner.run(product_of_primes, [10, 20]) == [210, 9_699_690]


def test_a_script_without_a_main_guard_works(tmp_path: Path) -> None:
    """Its own top level is run once, whatever the start method."""
    script = tmp_path / "script.py"
    script.write_text(
        "from concbench import Primes, measure\n"
        "print('top level')\n"
        "run = measure(Primes(limits=[100, 50]), runners=['sequential', 'process-pool:2'], rounds=1)\n"
        "print([cell.outcome.kind for cell in run.tables[0].cells])\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("top level\n['ok', 'ok']\n", "")


def test_measuring_works_inside_an_event_loop() -> None:
    """As in a notebook, in processes and in process."""

    async def notebook() -> list[str]:
        runners = [Sequential(), ThreadPool(workers=2), Asyncio(workers=2)]
        kinds = []
        for isolate in (True, False):
            run = measure(Primes(limits=[100, 50]), runners=runners, isolate=isolate, rounds=1)
            kinds += [cell.outcome.kind for cell in run.tables[0].cells]
        return kinds

    assert asyncio.run(notebook()) == ["ok", "ok", "inapplicable"] * 2


def test_downloads_can_be_measured_in_process() -> None:
    """The coroutine too, inside an event loop or not."""
    work = concbench.Download(images=4, latency=0.001, image_size=4_000)
    run = measure(work, runners=[Sequential(), ThreadPool(), Asyncio()], isolate=False, rounds=1)
    assert [cell.outcome.kind for cell in run.tables[0].cells] == ["ok", "ok", "ok"]


def test_a_saved_run_is_loaded_as_it_was(tmp_path: Path) -> None:
    """Through the public names."""
    run = measure(Primes(limits=[100]), runners=["sequential"], rounds=1)
    run.save(tmp_path / "run.json")
    assert concbench.load(tmp_path / "run.json") == run
