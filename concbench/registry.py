"""Names of runners, workloads and formats, with their places; each is imported on first use.

To add one, write its file, and its line here. Other packages add theirs with the entry points `concbench.runners`,
`concbench.workloads` and `concbench.formats`; they cannot replace a name of concbench.
"""

import importlib
import sys
from collections.abc import Mapping
from importlib import metadata
from types import MappingProxyType
from typing import Any

from concbench.errors import Unavailable, UnknownName, UsageError, nearest

RUNNERS: Mapping[str, str] = MappingProxyType(
    {
        "sequential": "concbench.runners.sequential:Sequential",
        "threads": "concbench.runners.threads:Threads",
        "batched-threads": "concbench.runners.batched_threads:BatchedThreads",
        "processes": "concbench.runners.processes:Processes",
        "thread-pool": "concbench.runners.thread_pool:ThreadPool",
        "process-pool": "concbench.runners.process_pool:ProcessPool",
        "interpreter-pool": "concbench.runners.interpreter_pool:InterpreterPool",
        "mp-pool": "concbench.runners.mp_pool:MpPool",
        "joblib": "concbench.runners.joblib:Joblib",
        "to-thread": "concbench.runners.to_thread:ToThread",
        "executor": "concbench.runners.executor:Executor",
        "asyncio": "concbench.runners.asyncio:Asyncio",
        "dask": "concbench.runners.dask:Dask",
    }
)
EXTRAS: Mapping[str, str] = MappingProxyType({"dask": "distributed", "joblib": "joblib"})
"""Runners that need an extra of the same name, each with a package of that extra."""
ON_REQUEST = frozenset({*EXTRAS, "executor", "mp-pool", "to-thread"})
"""Runners that are measured only if they are named: others of their kind answer the same question, an extra may be
missing, and `executor` needs a target."""

WORKLOADS: Mapping[str, str] = MappingProxyType(
    {
        "download": "concbench.workloads.download.workload:Download",
        "primes": "concbench.workloads.primes:Primes",
        "sleep": "concbench.workloads.synthetic:Sleep",
        "spin": "concbench.workloads.synthetic:Spin",
    }
)

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "text": "concbench.report.formats.text:text",
        "markdown": "concbench.report.formats.markdown:markdown",
        "csv": "concbench.report.formats.csv:cells",
        "csv-samples": "concbench.report.formats.csv:samples",
        "json": "concbench.report.formats.json:json",
        "html": "concbench.report.formats.html:html",
        "pytest-benchmark": "concbench.report.formats.pytest_benchmark:pytest_benchmark",
        "hyperfine": "concbench.report.formats.hyperfine:hyperfine",
        "pyperf": "concbench.report.formats.pyperf:pyperf",
        "bencher": "concbench.report.formats.bencher:bencher",
        "github-action-benchmark": "concbench.report.formats.github_action_benchmark:github_action_benchmark",
    }
)


def runner_names() -> list[str]:
    """Names of every registered runner, those of concbench first."""
    return list(_table("runner", RUNNERS))


def workload_names() -> list[str]:
    """Names of every registered workload, those of concbench first."""
    return list(_table("workload", WORKLOADS))


def format_names() -> list[str]:
    """Names of every registered format, those of concbench first."""
    return list(_table("format", FORMATS))


def runner_class(name: str) -> Any:
    """Import the class registered under a runner's name.

    Raises:
        UnknownName: no runner has this name.
        Unavailable: it cannot be loaded, for example because a package is not installed.
        UsageError: the name is not a text.
    """
    return _load("runner", RUNNERS, name)


def workload_class(name: str) -> Any:
    """Import the class registered under a workload's name; raises the same errors as runner_class."""
    return _load("workload", WORKLOADS, name)


def format_function(name: str) -> Any:
    """Import the function of a format, from a document to a text; raises the same errors as runner_class."""
    return _load("format", FORMATS, name)


def runner_name(runner: object) -> str:
    """The registered name of a runner's class, or the name of the class if it is not registered."""
    target = f"{type(runner).__module__}:{type(runner).__qualname__}"
    names = _names_of(target, RUNNERS) or _names_of(target, _table("runner", RUNNERS))  # the latter is slow
    return names[0] if names else type(runner).__qualname__


def _names_of(target: str, table: Mapping[str, str]) -> list[str]:
    return [name for name, registered in table.items() if registered == target]


def _table(kind: str, builtin: Mapping[str, str]) -> dict[str, str]:
    external = {point.name: point.value for point in metadata.entry_points(group=f"concbench.{kind}s")}
    return {**builtin, **{name: target for name, target in external.items() if name not in builtin}}


def _load(kind: str, builtin: Mapping[str, str], name: str) -> Any:
    if not isinstance(name, str):
        from concbench.task import short

        raise UsageError(f"a {kind} is named by a string such as {next(iter(builtin))!r}, not {short(name)}")
    target = builtin.get(name) or _table(kind, builtin).get(name)
    if target is None:
        names = list(_table(kind, builtin))
        raise UnknownName(f"no {kind} is called {name!r}; {nearest(name, names)}")
    module, _, attribute = target.partition(":")
    try:
        loaded = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # a module of another package may raise anything
        package = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
        if package and package not in sys.modules:
            requirement = f'"concbench[{name}]"' if builtin is RUNNERS and name in EXTRAS else package
            raise Unavailable(f"the {kind} {name!r} needs {package}: pip install {requirement}") from error
        raise Unavailable(f"the {kind} {name!r} cannot be loaded from {target}: {error}") from error
    if not callable(loaded):
        raise Unavailable(f"the {kind} {name!r} cannot be loaded: {target} cannot be called")
    return loaded
