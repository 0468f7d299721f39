"""The plug-in beside other real plug-ins of a suite, if they are installed."""

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

import pytest
from small_suites import Suite

PASSES = """
def test_measures(concbench):
    measured(concbench, [0.5]).require("thread-pool:2", at_least=1.5)
"""


def beside(name: str) -> list[str]:
    """The options that load a plug-in; the test is skipped if it is not installed."""
    found: Sequence[EntryPoint] = [one for one in entry_points(group="pytest11") if one.dist and one.dist.name == name]
    if not found:
        pytest.skip(f"{name} is not installed")
    return [part for one in found for part in ("-p", one.value)]


def test_pytest_benchmark_keeps_its_fixture_and_its_options(suite: Suite) -> None:
    """Both are in one suite; its choice of tests is not ours."""
    result = suite(
        PASSES + "\ndef test_times(benchmark):\n    benchmark.pedantic(double, (2,), rounds=1)\n",
        *beside("pytest-benchmark"),
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_times*", "*requirements: 1 passed*"])


def test_pytest_codspeed_keeps_the_name_benchmark(suite: Suite) -> None:
    """It takes the name from pytest-benchmark when it measures, and then runs only its own benchmarks."""
    tests = PASSES + "\ndef test_times(benchmark):\n    assert benchmark(double, 2) == 4\n"
    both = [*beside("pytest-codspeed"), *beside("pytest-benchmark"), "--benchmark-disable"]
    suite(tests, *both).assert_outcomes(passed=2)
    quick = ["--codspeed", "--codspeed-mode=walltime", "--codspeed-max-rounds=1", "--codspeed-warmup-time=0"]
    suite(tests, *both, *quick).assert_outcomes(passed=1, deselected=1)


def test_pytest_run_parallel_leaves_tests_that_measure_alone(suite: Suite) -> None:
    """Other tests run in several threads at once."""
    result = suite(
        PASSES + "\ncalls = []\n\ndef test_z():\n    calls.append(1)\n\ndef test_zz():\n    assert len(calls) == 3\n",
        *beside("pytest-run-parallel"), "--parallel-threads=3", "-v", "-W", "ignore::pytest.PytestUnknownMarkWarning",
    )  # fmt: skip
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*test_measures*concbench measures*"])
    assert "requirements: 1 passed" in result.stdout.str()


def test_pytest_randomly_reseeds_and_reorders_and_changes_no_result(suite: Suite) -> None:
    """Random choices follow from our own seed."""
    result = suite(PASSES + PASSES.replace("test_measures", "test_again"), *beside("pytest-randomly"))
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("method", ["signal", "thread"])
def test_pytest_timeout_ends_a_measurement_that_takes_too_long(suite: Suite, method: str) -> None:
    """The test fails, and the next one measures; a time limit that is not reached disturbs nothing."""
    slow = """
import time

@pytest.mark.timeout(0.3, method="signal")
def test_slow(concbench):
    hosts = SimulatedHosts(lambda label, number: time.sleep(0.05) or 1.0 + number % 7)
    measured(concbench, [], hosts=hosts, budget=1e6).require("thread-pool:2", at_least=1.0001)
"""
    tests = (slow if method == "signal" else "") + PASSES
    result = suite(tests, *beside("pytest-timeout"), f"--timeout-method={method}", "--timeout=60")
    result.assert_outcomes(passed=1, failed=int(method == "signal"))
    assert "requirements: 1 passed" in result.stdout.str()


def test_pytest_asyncio_measures_in_a_test_that_is_a_coroutine(suite: Suite) -> None:
    """Nothing else runs in its event loop meanwhile, as with any blocking call; asyncio is a runner as usual."""
    result = suite(
        """
import asyncio

async def nap(number):
    await asyncio.sleep(0.001)
    return number

@pytest.mark.asyncio
async def test_awaits(concbench):
    await asyncio.sleep(0)
    measured(concbench, [0.5]).require("thread-pool:2", at_least=1.5)
    scaling = concbench(nap, items=[1, 2], runners=["sequential", "asyncio:2"], isolate=False)
    scaling.require_equal_results()
""",
        *beside("pytest-asyncio"), "-o", "asyncio_default_fixture_loop_scope=function",
    )  # fmt: skip
    result.assert_outcomes(passed=1)


def test_pytest_xdist_runs_every_runner_once_in_its_workers(suite: Suite) -> None:
    """Nothing can be measured while tests run at the same time; the summary is still there."""
    options = beside("pytest-xdist")
    once = """
@pytest.mark.concbench(isolate=False, runners=["sequential", "thread-pool:2"])
def test_measures(concbench):
    concbench(double, items=[1, 2]).require("thread-pool:2", at_least=1000)
"""
    result = suite(once, *options, "-n", "1", "--concbench-json=out.json")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["test_it.py::test_measures: equal results: passed*", "*out.json was not written*"])
