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
    declared,
    of_functions,
    sentence_of_race,
)
from concbench.runners.base import Runner
from concbench.task import short
from concbench.variants import newest
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
    at_home = [workload for workload in workloads if workload.unsendable]
    if isolate and at_home:
        raise UsageError(f"{at_home[0].name} cannot be isolated: {at_home[0].unsendable}")
    if isolate or (isolate is None and not at_home):
        return ProcessHosts(time_options=time_options)
    for name, option in declared().items():
        if option.isolates and option.is_set(options[name]):  # type: ignore[literal-required]
            why = f" ({at_home[0].unsendable})" if at_home and isolate is None else ""
            raise UsageError(f"{name} needs processes, but everything is measured in this one{why}: leave it out")
    return InProcessHosts()


def runners_of(runners: Sequence[str | Runner] | None, options: MeasureOptions) -> list[str | Runner]:
    """Return the given runners, or all that exist in the newest of the interpreters."""
    if runners is None:
        return [*default_runners(newest(options))]
    if isinstance(runners, (str, bytes)) or not isinstance(runners, Iterable):
        one = repr(runners) if isinstance(runners, str) else short(runners)
        raise UsageError(f"runners must be a list, not {one}: write runners=[{one}]")
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
    known, refused = declared(kind), decided_by_race()
    for name, value in options.items():
        if name not in known and name not in refused:
            raise BadSetting(f"{caller}() has the options {', '.join(sorted(known))}: {name!r} is not one of them")
        if name not in known and value is not None:
            raise BadSetting(sentence_of_race(name, f"{caller}()", "measure()", as_keyword))


def how_of(options: Mapping[str, Any], *, arguments: bool) -> CallForm:
    """Describe how a function is called, from the complete options; `arguments`: whether it is called on items."""
    said = {name: options[name] for name in CallForm.__dataclass_fields__ if name in declared()}
    found: dict[str, Any] = {
        name: ObjectPath.read(value) if isinstance(value, str) else value for name, value in said.items()
    }
    return CallForm(**found, arguments=arguments)


def workloads_of(
    given: Sequence[str | Workload | Callable[..., Any]],
    items: Iterable[Any] | None,
    asked: Mapping[str, Any],
    options: MeasureOptions,
) -> list[Workload]:
    """Convert the arguments to workloads: instances, names, and functions with the items and their options.

    Args:
        given: workloads, names and functions.
        items: the items that functions are called on.
        asked: the options that were given.
        options: the complete options.

    Raises:
        UsageError: there are items, or options of functions, without a function; or an argument is invalid.
    """
    of_one = [*(["items"] if items is not None else []), *of_functions(asked, declared())]
    if of_one and not any(map(_is_function, given)):
        raise UsageError(
            f"{as_keyword(of_one[0], declared().get(of_one[0]))} is for a function of your own, but none was given"
        )
    calls = list(range(options["repeat"] or 1)) if items is None else read_items(items)
    how = how_of(options, arguments=items is not None)
    return [_workload(one, calls, how) for one in given]


def _is_function(given: str | Workload | Callable[..., Any]) -> bool:
    """Whether an argument is a function, or the place of one."""
    return is_function(given) if isinstance(given, str) else not isinstance(given, Workload)


def _workload(given: str | Workload | Callable[..., Any], items: Sequence[Any], how: CallForm) -> Workload:
    if isinstance(given, Workload):
        return given
    if isinstance(given, str) and not _is_function(given):
        return workload_of(given)
    return FunctionWorkload.of(object_path_of(given).load() if isinstance(given, str) else given, items, how)
