"""What measure() and advise() are given, made into what is carried out: options, runners, workloads and hosts."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from concbench.errors import BadSetting, UsageError
from concbench.harness.hosts import Hosts, InProcessHosts
from concbench.harness.plan import Options
from concbench.harness.process_hosts import ProcessHosts
from concbench.harness.runner_specs import default_runners
from concbench.registry import workload_class
from concbench.runners.base import Runner
from concbench.task import short
from concbench.workloads.base import Workload
from concbench.workloads.how import How
from concbench.workloads.imported import Imported
from concbench.workloads.item_source import read_items
from concbench.workloads.loading import Place


def hosts_for(workloads: Sequence[Workload], isolate: bool | None, hosts: Hosts | None, options: Options) -> Hosts:
    """Those that were given, else processes where that is possible; what nobody could keep in them is refused."""
    if hosts is not None:
        if isolate is not None:
            raise UsageError("isolate and hosts exclude each other: hosts say where samples are taken; leave out one")
        return hosts
    at_home = [workload for workload in workloads if workload.unsendable]
    if isolate and at_home:
        raise UsageError(f"{at_home[0].name} cannot be isolated: {at_home[0].unsendable}")
    if isolate or (isolate is None and not at_home):
        return ProcessHosts()
    unkept = {name: getattr(options, name) for name in ("fresh", "timeout", "import_timeout", "memory_limit")}
    for name, value in unkept.items():
        if value:
            why = f" ({at_home[0].unsendable})" if at_home and isolate is None else ""
            raise UsageError(f"{name} needs processes, and everything is measured in this one{why}: leave it out")
    return InProcessHosts()


def runners_of(runners: Sequence[str | Runner] | None) -> list[str | Runner]:
    """Those that were given, or all."""
    if runners is None:
        return [*default_runners()]
    if isinstance(runners, (str, bytes)) or not isinstance(runners, Iterable):
        one = repr(runners) if isinstance(runners, str) else short(runners)
        raise UsageError(f"runners is a list of them, not {one}: write runners=[{one}]")
    return list(runners)


DECIDED_BY_THE_RACE = {
    "baseline": "advise() compares with sequential: leave out baseline, or use measure()",
    "precision": "advise() goes on until its answer is known: leave out precision, or use measure()",
    "rounds": "advise() takes as many rounds as its answer needs: give max_rounds or budget instead of rounds, or use "
    "measure()",
    "resume": "advise() cannot go on with an earlier run: leave out resume",
    "runners": "advise() chooses the runners by itself: leave out runners, or use measure()",
}
"""Options that measure() has and advise() has not, and what to do."""


def require_known(
    caller: str, options: Mapping[str, object], known: Collection[str], refused: Mapping[str, str]
) -> None:
    """Refuse options that nobody would look at, also where no type checker has.

    Args:
        caller: the function that was given them.
        options: by name.
        known: names that it has.
        refused: names that it has not, with what to do instead; of these, None is as good as left out.

    Raises:
        BadSetting: names the first, and those that there are.
    """
    for name, value in options.items():
        if name in refused and value is not None:
            raise BadSetting(refused[name])
        if name not in known and name not in refused:
            raise BadSetting(f"{caller}() has the options {', '.join(sorted(known))}: {name!r} is not one of them")


def options_of(options: Mapping[str, object]) -> Options:
    """How to measure; without a seed, one is drawn."""
    given: dict[str, Any] = {name: options[name] for name in Options.__dataclass_fields__ if name in options}
    if given.get("seed") is None:
        given["seed"] = random.randrange(2**32)
    baseline = given.get("baseline")
    if not isinstance(baseline, str | None):
        raise BadSetting(f"baseline is written as a text, such as 'thread-pool:2', and not {short(baseline)}")
    return Options(**given)


def _require_together(items: Iterable[Any] | None, repeat: int | None, how: Mapping[str, Any]) -> None:
    """Refuse options of which one would be ignored.

    Raises:
        UsageError: says what to leave out.
    """
    for name, value in (("repeat", repeat), ("max_workers", how.get("max_workers"))):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise BadSetting(f"{name} must be a whole number, 1 or more, not {short(value)}")
    if items is None and how.get("star"):
        raise UsageError("star unpacks items into arguments, and there are none: give items, or leave out star")
    if items is not None and repeat is not None:
        raise UsageError("repeat is for functions without items: leave out one of items and repeat")
    if how.get("check") is not None and not how.get("compare", True):
        raise UsageError("check says how results are compared, and compare=False that they are not: leave out one")


def workloads_of(
    given: Sequence[str | Workload | Callable[..., Any]], items: Iterable[Any] | None, options: Mapping[str, object]
) -> list[Workload]:
    """The workloads themselves, those of names, and those made of functions with the items and their options.

    Raises:
        UsageError: there are items, or options of functions, and no function; or something that cannot be.
    """
    how: dict[str, Any] = {name: options[name] for name in How.__dataclass_fields__ if options.get(name) is not None}
    repeat: Any = options.get("repeat")
    _require_together(items, repeat, how)
    of_functions = [*(["items"] if items is not None else []), *(["repeat"] if repeat else []), *how]
    if of_functions and not any(map(_is_function, given)):
        raise UsageError(f"{of_functions[0]} is for a function of your own, and none was given")
    found: dict[str, Any] = {
        name: Place.read(value) if isinstance(value, str) else value for name, value in how.items()
    }
    calls = list(range(repeat or 1)) if items is None else read_items(items)
    called = How(**found, arguments=items is not None)
    return [_workload(one, calls, called) for one in given]


def _is_function(given: str | Workload | Callable[..., Any]) -> bool:
    """Whether it is a function, or says where one is found."""
    return ":" in given if isinstance(given, str) else not isinstance(given, Workload)


def _workload(given: str | Workload | Callable[..., Any], items: Sequence[Any], how: How) -> Workload:
    if isinstance(given, Workload):
        return given
    if isinstance(given, str) and not _is_function(given):
        made: Workload = workload_class(given)()
        return made
    return Imported.of(Place.read(given).load() if isinstance(given, str) else given, items, how)
