"""Conversion of the arguments of measure() and advise() to options, runners, workloads and hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from concbench.errors import BadSetting, UsageError
from concbench.harness.hosts.base import Hosts, InProcessHosts
from concbench.harness.hosts.import_wait import IMPORT_TIME_OPTIONS
from concbench.harness.hosts.launcher import ProcessHosts
from concbench.harness.planning.runner_specs import default_runners
from concbench.harness.planning.workload_specs import is_function, object_path_of, workload_of
from concbench.options import (
    MeasureOptions,
    as_keyword,
    decided_by_race,
    declared_options,
    function_options,
    sentence_of_race,
)
from concbench.runners.base import Runner
from concbench.task import short
from concbench.variants import newest_python
from concbench.workloads.base import Workload
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.item_source import read_items
from concbench.workloads.function.lookup import ObjectPath
from concbench.workloads.function.workload import FunctionWorkload


def hosts_for(
    workloads: Sequence[Workload],
    isolate: bool | None,
    hosts: Hosts | None,
    options: MeasureOptions,
    time_options: str = IMPORT_TIME_OPTIONS,
) -> Hosts:
    """Return the given hosts, else processes where possible; reject options that the hosts cannot enforce.

    Args:
        workloads: the workloads to measure.
        isolate: whether to use processes; None: if possible.
        hosts: the given hosts.
        options: the complete options.
        time_options: the options that allow more time for an import, for messages.
    """
    if hosts is not None:
        if isolate is not None:
            raise UsageError("isolate and hosts exclude each other: hosts say where samples are taken; leave out one")
        return hosts
    unsendable = [workload for workload in workloads if workload.unsendable]
    if isolate and unsendable:
        raise UsageError(f"{unsendable[0].name} cannot be isolated: {unsendable[0].unsendable}")
    if isolate or (isolate is None and not unsendable):
        return ProcessHosts(time_options=time_options)
    for name, option in declared_options().items():
        if option.isolates and option.is_set(options[name]):  # type: ignore[literal-required]
            reason = f" ({unsendable[0].unsendable})" if unsendable and isolate is None else ""
            raise UsageError(f"{name} needs processes, but everything is measured in this one{reason}: leave it out")
    return InProcessHosts()


def runners_of(runners: Sequence[str | Runner] | None, options: MeasureOptions) -> list[str | Runner]:
    """Return the given runners, or all that exist in the newest of the interpreters."""
    if runners is None:
        return [*default_runners(newest_python(options))]
    if isinstance(runners, (str, bytes)) or not isinstance(runners, Iterable):
        runner = repr(runners) if isinstance(runners, str) else short(runners)
        raise UsageError(f"runners must be a list, not {runner}: write runners=[{runner}]")
    return list(runners)


def require_known(caller: str, options: Mapping[str, object], kind: Any) -> None:
    """Reject unknown options, which would be ignored otherwise.

    Args:
        caller: the name of the function that was called.
        options: options by name; those that the race decides may be None.
        kind: the options of the function, as a type.

    Raises:
        BadSetting: an option is unknown; the message names it, and the known ones.
    """
    known, race_decided = declared_options(kind), decided_by_race()
    for name, value in options.items():
        if name not in known and name not in race_decided:
            raise BadSetting(f"{caller}() has the options {', '.join(sorted(known))}: {name!r} is not one of them")
        if name not in known and value is not None:
            raise BadSetting(sentence_of_race(name, f"{caller}()", "measure()", as_keyword))


def call_form(options: Mapping[str, Any], *, arguments: bool) -> CallForm:
    """Describe how a function is called, from the complete options; `arguments`: whether it is called on items."""
    values = {name: options[name] for name in CallForm.__dataclass_fields__ if name in declared_options()}
    resolved: dict[str, Any] = {
        name: ObjectPath.read(value) if isinstance(value, str) else value for name, value in values.items()
    }
    return CallForm(**resolved, arguments=arguments)


def workloads_of(
    workloads: Sequence[str | Workload | Callable[..., Any]],
    items: Iterable[Any] | None,
    given_options: Mapping[str, Any],
    options: MeasureOptions,
) -> list[Workload]:
    """Convert the arguments to workloads: instances, names, and functions with the items and their options.

    Args:
        workloads: workloads, names and functions.
        items: the items that functions are called on.
        given_options: the options that were given.
        options: the complete options.

    Raises:
        UsageError: there are items, or options of functions, without a function; or an argument is invalid.
    """
    function_only = [*(["items"] if items is not None else []), *function_options(given_options, declared_options())]
    if function_only and not any(map(_is_function, workloads)):
        name = function_only[0]
        raise UsageError(
            f"{as_keyword(name, declared_options().get(name))} is for a function of your own, but none was given"
        )
    calls = list(range(options["repeat"] or 1)) if items is None else read_items(items)
    form = call_form(options, arguments=items is not None)
    return [_workload(workload, calls, form) for workload in workloads]


def _is_function(workload: str | Workload | Callable[..., Any]) -> bool:
    """Whether an argument is a function, or the place of one."""
    return is_function(workload) if isinstance(workload, str) else not isinstance(workload, Workload)


def _workload(workload: str | Workload | Callable[..., Any], items: Sequence[Any], form: CallForm) -> Workload:
    if isinstance(workload, Workload):
        return workload
    if isinstance(workload, str) and not _is_function(workload):
        return workload_of(workload)
    return FunctionWorkload.of(object_path_of(workload).load() if isinstance(workload, str) else workload, items, form)
