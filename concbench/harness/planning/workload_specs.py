"""Workload specifications: `primes`, `download:images=100,latency=5ms`, `module:function`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from concbench.errors import BadFunction, BadSetting
from concbench.harness.planning.settings import REQUIRED, joined, settings_of, split, values_of
from concbench.registry import WORKLOADS, workload_class, workload_names
from concbench.values import SWITCH, require_together
from concbench.workloads.base import Workload
from concbench.workloads.function.lookup import ObjectPath, dotted, source_file

_SETTINGS = re.compile(r"\s*[\w-]+\s*:\s*[\w-]*\s*=")
"""The beginning of a text with settings; the name of a function cannot look like this."""
_NONE: Mapping[str, Any] = MappingProxyType({})


def is_function(text: str) -> bool:
    """Whether a text names a function, or a module or file of functions, rather than a registered workload."""
    if _SETTINGS.match(text):
        return False
    if ":" in text or text in WORKLOADS:
        return ":" in text
    return bool(source_file(text) or dotted(text)) and text not in workload_names()


def kind_of(text: str) -> str:
    """The name in a specification without its settings, which tables of one workload have in common."""
    return text.partition(":")[0].strip() if _SETTINGS.match(text) else text


def normalized(text: str) -> str:
    """The text without spaces around its parts."""
    return joined(*split(text, "workload")) if _SETTINGS.match(text) else text


def workload_of(text: str, further_values: Mapping[str, Any] = _NONE, write: Callable[[str], str] = str) -> Workload:
    """Make the registered workload of a specification, with the specification as its name.

    Args:
        text: the name, optionally with settings.
        further_values: values of further settings.
        write: formats, for messages, the name of a setting that is not in the text.

    Raises:
        UsageError: no workload has this name; or a setting is unknown, malformed, invalid, or conflicts with another.
    """
    name, texts = split(text, "workload")
    make = workload_class(name)
    settings = settings_of(make)
    values = {**further_values, **values_of(name, texts, settings)}
    switches = {key: setting.default for key, setting in settings.items() if setting.kind is SWITCH}
    chosen = {key for key, value in values.items() if key not in switches or value != switches[key]}
    declared = {key: setting.declared for key, setting in settings.items()}
    missing = [key for key, setting in settings.items() if setting.default is REQUIRED and key not in values]
    if missing:
        raise BadSetting(f"{name} needs a setting: write {name}:{missing[0]}=VALUE")
    try:
        require_together(chosen, declared, lambda key: key if key in texts else write(key))
        workload: Workload = make(**values)
    except (BadSetting, ValueError) as error:
        raise BadSetting(f"{name}: {error}") from error
    if texts:
        workload.name = joined(name, texts)
    return workload


def object_path_of(text: str) -> ObjectPath:
    """Return the place of the function that a text names.

    Raises:
        BadFunction: the text has another form; if it may name a workload, the message shows how to write settings.
    """
    name = text.partition(":")[0]
    if ":" in text and name.isidentifier() and source_file(name) is None and name in workload_names():
        keys = list(settings_of(workload_class(name)))
        how = f"write {name}:{keys[0]}=VALUE (it has {', '.join(keys)})" if keys else f"it has none: write {name}"
        raise BadFunction(f"cannot read {text!r}: there is no module {name!r}; for settings of the workload, {how}")
    return ObjectPath.read(text)
