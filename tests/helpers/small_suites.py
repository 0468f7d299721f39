"""Small test suites, run by pytest in this process; only simulated time passes in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from _pytest.pytester import SysModulesSnapshot

BEGINNING = """
import pytest
from concbench.testing import SimulatedHosts

def double(number):
    return 2 * number

def measured(concbench, seconds, **options):
    hosts = SimulatedHosts({"sequential": [1.0], "thread-pool:2": seconds})
    chosen = {"items": range(8), "runners": ["sequential", "thread-pool:2"], "hosts": hosts, "seed": 1, **options}
    return concbench(double, **chosen)
"""
"""Their common beginning: `measured(concbench, [0.5])` is twice as fast as sequential."""
Suite = Callable[..., pytest.RunResult]
"""Runs tests with this beginning and options of pytest; only the named plug-ins are loaded."""


def suite_runner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """The runner of such suites, in a directory of its own."""
    # pytester forgets what is imported meanwhile, and numpy can be imported once only
    original = SysModulesSnapshot
    monkeypatch.setattr("_pytest.pytester.SysModulesSnapshot", lambda preserve: original(_is_not_of_a_suite))
    pytester._sys_modules_snapshot = original(_is_not_of_a_suite)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for variable in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):  # of the outer pytest
        monkeypatch.delenv(variable, raising=False)
    pytester.makeini("[pytest]\n")

    def run(tests: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(test_it=BEGINNING + tests)
        given = ("-p", "concbench.pytest_plugin", "-p", "no:cacheprovider", *options)
        return pytester.runpytest_inprocess(*given, no_reraise_ctrlc=True)

    return run


def _is_not_of_a_suite(module: str) -> bool:
    return module.partition(".")[0] not in {"app", "conftest", "test_it"}
