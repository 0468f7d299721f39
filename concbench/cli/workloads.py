"""The workloads of a command line, and the options that stand for settings of those of ours.

`--latency 5ms` is `latency=5ms` behind the name of every workload that has it and does not say it itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from concbench.cli import functions
from concbench.cli.values import spelling
from concbench.errors import BadSetting, UsageError
from concbench.harness.settings import Setting, settings_of, split
from concbench.harness.workload_specs import is_function, kind_of, normal, workload_of
from concbench.registry import WORKLOADS, workload_class
from concbench.values import SWITCH, Declared

if TYPE_CHECKING:
    from concbench.workloads.base import Workload


@cache
def _owners() -> Mapping[str, Mapping[str, Setting]]:
    """For each setting, our workloads that have it; those of other packages have no options."""
    owners: dict[str, dict[str, Setting]] = {}
    for name in WORKLOADS:
        for key, setting in settings_of(workload_class(name)).items():
            owners.setdefault(key, {})[name] = setting
    return owners


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options, a group for those that have the same owners; one that there is already serves as well."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for key, owners in _owners().items():
        title = ", ".join(owners)
        if title not in groups:
            groups[title] = parser.add_argument_group(title)
        with suppress(argparse.ArgumentError):
            _add(groups[title], _option(key), list(owners.values()))


def _add(group: argparse._ArgumentGroup, option: str, settings: list[Setting]) -> None:
    setting, defaults = settings[0], {one.default_text for one in settings}
    if setting.kind is SWITCH:
        group.add_argument(option, action="store_const", const="true", help=setting.declared.help)
        return
    kind, default = setting.kind, defaults.pop() if len(defaults) == 1 else ""
    described = setting.declared.help + (f" (default: {default})" if default else "")
    metavar = f"{{{','.join(kind.choices)}}}" if kind.choices else kind.metavar
    group.add_argument(option, type=spelling(kind), metavar=metavar, help=described.replace("%", "%%"))


def known() -> dict[str, Declared]:
    """What is declared of every option of a run, those of workloads included."""
    return {**{key: next(iter(owners.values())).declared for key, owners in _owners().items()}, **functions.known()}


def applies(key: str, arguments: argparse.Namespace) -> bool:
    """Whether an option says anything of the workloads that are named; one of measuring always does."""
    owners, option = _owners().get(key, {}), functions.known().get(key)
    if not owners and (option is None or not option.of_function):
        return True
    of_functions = option is not None and option.of_function and any(map(is_function, arguments.workloads))
    return of_functions or not owners.keys().isdisjoint(map(kind_of, arguments.workloads))


def require_applicable(arguments: argparse.Namespace) -> None:
    """Refuse options that say nothing of the workloads that are named.

    Raises:
        UsageError: names the first.
    """
    for key in _given(arguments):
        if key not in functions.known() and not applies(key, arguments):
            owners = " or ".join(_owners()[key])
            raise UsageError(f"{_option(key)} is an option of {owners}, which is not run; leave it out")
    functions.require_function(arguments, but=[key for key in functions.known() if applies(key, arguments)])


def chosen(arguments: argparse.Namespace) -> list[Workload]:
    """The workloads that are named, each once, with the settings that are written or given as options.

    Raises:
        UsageError: one of them cannot be, or an option would be ignored.
    """
    given = _given(arguments)
    texts = list(dict.fromkeys(map(normal, arguments.workloads)))
    kinds = [kind_of(text) for text in texts if not is_function(text)]
    made, taken = [], set[str]()
    refused: dict[str, BadSetting] = {}
    for text in texts:
        if is_function(text):
            made.append(functions.workload(text, arguments, arguments.seed))
            continue
        own = _own(text, given)
        shared = [key for key in own if sum(kind in _owners()[key] for kind in kinds) > 1]
        workload, had = _with_what_it_can(text, own, shared, refused)
        made.append(workload)
        taken |= had
    for key in given:
        if key not in taken and key not in functions.known():
            written = UsageError(f"{_option(key)} would have no effect: what has it says it itself; leave it out")
            raise refused.get(key, written)
    return made


def _given(arguments: argparse.Namespace) -> dict[str, str]:
    """The options that were given, as texts."""
    values = {key: getattr(arguments, key) for key in _owners()}
    texts = {key: "true" if value is True else value for key, value in values.items()}
    return {key: text for key, text in texts.items() if text is not None and text is not False}


def _own(text: str, given: Mapping[str, str]) -> dict[str, str]:
    """Those that a workload has and does not say itself."""
    kind, written = split(text, "workload")
    return {key: value for key, value in given.items() if kind in _owners()[key] and key not in written}


def _with_what_it_can(
    text: str, own: Mapping[str, str], shared: Collection[str], refused: dict[str, BadSetting]
) -> tuple[Workload, set[str]]:
    """A workload, and the options that it has: all, but for those that others may have and it refuses.

    A size is for the workloads of which no other option says how much there is.
    """
    had = {key: value for key, value in own.items() if key not in shared}
    made = workload_of(text, had)
    for key in shared:
        try:
            made = workload_of(text, {**had, key: own[key]})
        except BadSetting as error:
            refused.setdefault(key, error)
        else:
            had[key] = own[key]
    return made, {*had}


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"
