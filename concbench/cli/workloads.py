"""The workloads of a command line, and the options that set settings of the built-in workloads.

`--latency 5ms` stands for `latency=5ms` in every named workload that has this setting and does not set it itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from concbench.cli import functions
from concbench.cli.values import spelling
from concbench.errors import UsageError
from concbench.harness.planning.settings import Setting, settings_of, split, values_of
from concbench.harness.planning.workload_specs import is_function, kind_of, normalized, workload_of
from concbench.registry import WORKLOADS, workload_class
from concbench.units import listed
from concbench.values import SWITCH, Declared, Kind, excluded_names

if TYPE_CHECKING:
    from concbench.options import MeasureOptions
    from concbench.workloads.base import Workload


@cache
def _owners() -> Mapping[str, Mapping[str, Setting]]:
    """For each setting, the built-in workloads that have it; workloads of other packages have no options."""
    owners: dict[str, dict[str, Setting]] = {}
    for name in WORKLOADS:
        for key, setting in settings_of(workload_class(name)).items():
            owners.setdefault(key, {})[name] = setting
    return owners


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options, in groups with the same owners; an option that exists already serves as well."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    existing = {option: action for action in parser._actions for option in action.option_strings}  # noqa: SLF001
    for key, owners in _owners().items():
        title, option = ", ".join(owners), _option(key)
        if option in existing:
            existing[option].help = f"{existing[option].help}; for {title}: {_help(owners)}"
            continue
        if title not in groups:
            groups[title] = parser.add_argument_group(title)
        _add(groups[title], option, owners)


def _add(group: argparse._ArgumentGroup, option: str, owners: Mapping[str, Setting]) -> None:
    """Add an option; each owner reads its text by its own kind."""
    kind, *others = (setting.kind for setting in owners.values())
    if all(one is SWITCH for one in (kind, *others)):
        group.add_argument(option, action="store_const", const="true", help=_help(owners))
        return
    metavars = {f"{{{','.join(one.choices)}}}" if one.choices else one.metavar for one in (kind, *others)}
    metavar = metavars.pop() if len(metavars) == 1 else "VALUE"
    group.add_argument(option, type=spelling(kind, tuple(others)), metavar=metavar, help=_help(owners))


def _help(owners: Mapping[str, Setting]) -> str:
    """The help text of an option, for each of its owners if they differ."""
    lines: dict[str, list[str]] = {}
    for owner, setting in owners.items():
        lines.setdefault(setting.declared.help, []).append(owner)
    helps = (f"{line} ({', '.join(having)})" if len(lines) > 1 else line for line, having in lines.items())
    defaults = {setting.default_text for setting in owners.values()}
    default = defaults.pop() if len(defaults) == 1 else ""
    return ("; ".join(helps) + (f" (default: {default})" if default else "")).replace("%", "%%")


def declarations() -> dict[str, Declared]:
    """The declarations of every option of a run, including those of workloads."""
    return {**{key: _merged([*owners.values()]) for key, owners in _owners().items()}, **functions.declarations()}


def _merged(settings: list[Setting]) -> Declared:
    """The declaration of a setting of several workloads; it excludes whatever one of them excludes."""
    excludes = {other: None for setting in settings for other in setting.declared.excludes}
    return replace(settings[0].declared, excludes=tuple(excludes))


def applies(key: str, arguments: argparse.Namespace) -> bool:
    """Whether an option applies to one of the named workloads; an option of measuring always does."""
    if not _is_of_workloads(key) or _concerns_functions(key, arguments):
        return True
    return any(not _refusal(text, key) for text in _workloads_with(key, arguments))


def require_applicable(arguments: argparse.Namespace) -> None:
    """Refuse options that apply to none of the named workloads.

    Raises:
        UsageError: names the first.
    """
    for key in _given_texts(arguments):
        if key not in functions.declarations() and not _workloads_with(key, arguments):
            owners, option = listed(_owners()[key]), _option(key)
            raise UsageError(f"{option} applies only to {owners}, which this command does not run; leave {option} out")
    of_ours = [key for key in _owners() if _workloads_with(key, arguments)]
    exempt = [key for key in functions.declarations() if key in of_ours or _concerns_functions(key, arguments)]
    functions.require_function(arguments, exempt)


def _is_of_workloads(key: str) -> bool:
    option = functions.declarations().get(key)
    return key in _owners() or (option is not None and option.of_function)


def _concerns_functions(key: str, arguments: argparse.Namespace) -> bool:
    option = functions.declarations().get(key)
    return option is not None and option.of_function and any(map(is_function, arguments.workloads))


def _workloads_with(key: str, arguments: argparse.Namespace) -> list[str]:
    """The named workloads that have a setting, whether or not they set it themselves."""
    owners = _owners().get(key, {})
    return [text for text in arguments.workloads if kind_of(text) in owners]


def _refusal(text: str, key: str) -> str:
    """Why a workload does not take an option, if it sets or excludes it itself; empty otherwise."""
    kind, settings = split(text, "workload")
    if key in settings:
        return f"{text} sets {key} itself"
    excluded = excluded_names(key, _declared(kind))
    return next((f"{text} sets {other}, which excludes {key}" for other in settings if other in excluded), "")


def _declared(kind: str) -> dict[str, Declared]:
    return {key: owners[kind].declared for key, owners in _owners().items() if kind in owners}


def chosen_workloads(arguments: argparse.Namespace, options: MeasureOptions) -> list[Workload]:
    """The named workloads, each once, with their own settings and those given as options.

    Args:
        arguments: the command line.
        options: all options of measuring, filled in.

    Raises:
        UsageError: a workload is invalid, or an option would be ignored.
    """
    given = _given_texts(arguments)
    texts = list(dict.fromkeys(map(normalized, arguments.workloads)))
    ours = [text for text in texts if not is_function(text)]
    takers = {
        key: [text for text in ours if kind_of(text) in owners and not _refusal(text, key)]
        for key, owners in _owners().items()
        if key in given
    }
    workloads, cache = [], dict[tuple[Kind, str], Any]()
    unused = list(given)
    for text in texts:
        if is_function(text):
            workloads.append(functions.workload(text, arguments, options))
            continue
        keys = _accepted_options(text, takers)
        values = {key: _value(kind_of(text), key, given[key], cache) for key in keys}
        workloads.append(workload_of(text, values, _option))
        unused = [key for key in unused if key not in keys]
    for key in unused:
        if not _concerns_functions(key, arguments):
            reason = next(filter(None, (_refusal(text, key) for text in _workloads_with(key, arguments))), "")
            others = f"other options of {' or '.join(_owners()[key])} exclude {_option(key)}"
            raise UsageError(f"{reason or others}; leave out {_option(key)}")
    return workloads


def _given_texts(arguments: argparse.Namespace) -> dict[str, str]:
    """The given options, as texts."""
    values = {key: getattr(arguments, key) for key in _owners()}
    return {key: "true" if value is True else value for key, value in values.items() if value is not None}


def _accepted_options(text: str, takers: Mapping[str, Sequence[str]]) -> list[str]:
    """The options that a workload takes: all that it can, except those that it cannot have and another workload takes.

    A size goes to the workloads whose amount of work is not given by another option.
    """
    kind, settings = split(text, "workload")
    declared, accepted = _declared(kind), [key for key, names in takers.items() if [*names] == [text]]
    excluding_first = sorted(takers, key=lambda key: key in declared and not declared[key].excludes)
    for key in excluding_first:
        needs = declared[key].needs if key in declared else ""
        possible = excluded_names(key, declared).isdisjoint(accepted) and (not needs or needs in {*accepted, *settings})
        if text in takers[key] and key not in accepted and possible:
            accepted.append(key)
    return accepted


def _value(kind: str, key: str, text: str, cache: dict[tuple[Kind, str], Any]) -> Any:
    """The value of an option for a workload; a text is read once for each kind, since it may be a pipe."""
    setting = _owners()[key][kind]
    if (setting.kind, text) not in cache:
        cache[setting.kind, text] = values_of(kind, {key: text}, {key: setting})[key]
    return cache[setting.kind, text]


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"
