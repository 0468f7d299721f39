"""One suite for every runner and every start method of this platform."""

import multiprocessing
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from concbench import registry, testing
from concbench.errors import Inapplicable
from concbench.harness.planning.runner_specs import defaults_of
from concbench.runners.base import exists_in

ELSEWHERE = {"dask", "executor"}
"""Runners whose own tests try the laws, on a shared cluster and on executors of several packages."""
BACKENDS = ("loky", "threading")
METHODS = multiprocessing.get_all_start_methods()
OF_WORKERS = {
    "every_task_is_run_once", "the_first_failure_is_raised_with_its_item", "it_can_be_entered_again",
    "no_worker_is_left", "no_more_workers_than_said", "it_is_what_it_declares",
}  # fmt: skip
"""Laws that may hold for the threads of joblib and not for its processes, which take a second to start: only these are
tried on them."""


def _makers() -> list[Any]:
    makers: list[Any] = []
    for name in sorted({*registry.RUNNERS} - ELSEWHERE):
        try:
            cls = registry.runner_class(name)
        except Inapplicable as missing:
            makers.append(pytest.param(None, id=name, marks=pytest.mark.skip(reason=str(missing))))
            continue
        if not exists_in(cls, sys.version_info[:2]):
            continue
        settings = defaults_of(cls)
        if "backend" in settings:
            makers += [pytest.param(partial(cls, 2, backend), id=f"{name}-{backend}") for backend in BACKENDS]
            makers.append(pytest.param(partial(cls, 2, "threading", 2), id=f"{name}-batches"))
            continue
        if "start_method" in settings:
            for method in METHODS:
                if (name, method) != ("mp-pool", "spawn"):  # which processes are like those of a fork server
                    makers.append(pytest.param(partial(cls, start_method=method), id=f"{name}-{method}"))
        else:
            makers.append(pytest.param(cls, id=name))
        if "workers" in settings:
            makers.append(pytest.param(partial(cls, workers=3), id=f"{name}-3"))
        if "chunksize" in settings:
            makers.append(pytest.param(partial(cls, chunksize=4), id=f"{name}-chunks"))
    return makers


def _laws() -> list[Any]:
    """Every law for every runner, without pairs that another pair covers."""
    pairs = [(law, make) for law in testing.RUNNER_LAWS for make in _makers()]
    return [
        pytest.param(law, make.values[0], id=f"{law.__name__}-{make.id}", marks=make.marks)
        for law, make in pairs
        if make.id != "joblib-loky" or law.__name__ in OF_WORKERS
    ]


@pytest.mark.parametrize(("law", "make"), _laws())
def test_every_runner_keeps_every_law(law: testing.Law, make: testing.MakeRunner, tmp_path: Path) -> None:
    """The contract is that of concbench.runners.base.Runner."""
    law(make, tmp_path)
