"""One suite, every runner, every start method of this platform."""

import multiprocessing
import sys
from functools import partial
from pathlib import Path

import pytest

from concbench import registry, testing
from concbench.errors import Inapplicable
from concbench.harness.runner_specs import defaults_of
from concbench.runners.base import exists_in

ELSEWHERE = {"dask", "executor"}
"""Their own tests try the laws, on a cluster that they share and on executors of several packages."""
BACKENDS = ("loky", "threading")
METHODS = multiprocessing.get_all_start_methods()


def _makers() -> list[object]:
    makers: list[object] = []
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
                makers.append(pytest.param(partial(cls, start_method=method), id=f"{name}-{method}"))
        else:
            makers.append(pytest.param(cls, id=name))
        if "workers" in settings:
            makers.append(pytest.param(partial(cls, workers=3), id=f"{name}-3"))
        if "chunksize" in settings:
            makers.append(pytest.param(partial(cls, chunksize=4), id=f"{name}-chunks"))
    return makers


@pytest.mark.parametrize("make", _makers())
@pytest.mark.parametrize("law", testing.RUNNER_LAWS, ids=testing.law_name)
def test_every_runner_keeps_every_law(law: testing.Law, make: testing.MakeRunner, tmp_path: Path) -> None:
    """The contract of concbench.runners.base.Runner."""
    law(make, tmp_path)
