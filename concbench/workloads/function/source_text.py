"""The measured function and items, written as the source text of another program.

Not for the measuring process: objects that are given and not named are looked up in the modules of this process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from math import isfinite
from operator import is_
from pathlib import Path
from types import BuiltinMethodType, MethodType, ModuleType
from typing import Any

from concbench.program import MAIN, UserName
from concbench.task import attempt, short
from concbench.workloads.function.lookup import ObjectPath

_LONGEST = 200
"""Length in characters up to which a value is written out."""
_SCALARS = (str, bytes, int, bool, type(None))
_SECONDS = 20.0
"""Seconds that an interpreter may take to find a module."""


@dataclass(frozen=True)
class SourceText:
    """An object of the user's as an expression."""

    expression: str
    names: tuple[str | UserName, ...] = ()
    """Imports that it needs."""
    before: tuple[str, ...] = ()
    """Lines and definitions that it needs."""


def function_text(target: ObjectPath | Callable[..., Any]) -> SourceText:
    """The source text of a callable: its name, a partial of a callable with a name, or a line to be filled in."""
    if isinstance(target, ObjectPath):
        return _of_module(target.module, target.attribute, _needed_directory(target.module, target.directory))
    text = _by_name(target)
    if text is not None:
        return text
    text = _partial(target)
    expression = text.expression if text else "..."
    comment = [] if text else [f"# Write the measured function here: {short(target, _LONGEST)}"]
    definition = "\n".join([*comment, f"function = {expression}"])
    return SourceText("function", text.names if text else (), (definition,))


def items_text(items: Sequence[Any]) -> SourceText:
    """The source text of given items: written out, a name of the main program, or a line to be filled in."""
    if _are_consecutive(items):
        return SourceText(f"range({items[0]}, {items[-1] + 1})" if items[0] else f"range({items[-1] + 1})")
    text = literal(list(items)) if len(items) <= _LONGEST else None
    if text is not None:
        return SourceText(text)
    for name, value in list(vars(sys.modules[MAIN]).items()):
        if type(value) in {list, tuple} and len(value) == len(items) and all(map(is_, value, items)):
            return _of_module(MAIN, name, "")
    count = "the measured item" if len(items) == 1 else f"the {len(items):,} measured items"
    return SourceText("...", before=(f"# Write {count} here; the first is {short(items[0])}",))


def literal(value: Any) -> str | None:
    """The source text of a short plain value; None for anything else."""
    plain, error = attempt(_is_plain, value)
    text = repr(value) if plain and error is None else ""
    return text if text and len(text) <= _LONGEST else None


def names_of_main() -> frozenset[str]:
    """The names of the main program that mean something of its own, and not a module or the standard library."""
    main = vars(sys.modules[MAIN])
    return frozenset(
        name for name, value in main.items() if not name.startswith("__") and not _is_standard(name, value)
    )


def _by_name(target: Any) -> SourceText | None:
    """An object by its own name, or by a name in some module; a method by the name of its object."""
    name, owner = getattr(target, "__qualname__", None), getattr(target, "__objclass__", None)
    module = getattr(target, "__module__", None) or getattr(owner, "__module__", None)
    if isinstance(module, str) and isinstance(name, str) and _is_same(_look_up(module, name), target):
        return _of_module(module, name, _directory(module))
    if isinstance(target, (MethodType, BuiltinMethodType)) and not isinstance(target.__self__, ModuleType):
        owner_literal = literal(target.__self__)
        owner_text = SourceText(owner_literal) if owner_literal is not None else _by_name(target.__self__)
        if owner_text and _is_same(getattr(target.__self__, target.__name__, None), target):
            return SourceText(f"{owner_text.expression}.{target.__name__}", owner_text.names)
        return None
    for module, name in _names_in_modules(target):
        return _of_module(module, name, _directory(module))
    return None


def _partial(target: Any) -> SourceText | None:
    """A partial, if all its parts can be written."""
    if type(target) is not partial:
        return None
    parts = [_by_name(target.func), *(_part_text(argument) for argument in (*target.args, *target.keywords.values()))]
    written = [part for part in parts if part is not None]
    if len(written) < len(parts) or not all(key.isidentifier() for key in target.keywords):
        return None
    texts = [part.expression for part in written]
    first = len(texts) - len(target.keywords)
    keywords = [f"{key}={text}" for key, text in zip(target.keywords, texts[first:], strict=True)]
    names = [name for part in written for name in part.names]
    expression = f"partial({', '.join([*texts[:first], *keywords])})"
    return SourceText(expression, ("from functools import partial", *names))


def _part_text(value: Any) -> SourceText | None:
    text = literal(value)
    return SourceText(text) if text is not None else _by_name(value)


def _of_module(module: str, name: str, directory: str) -> SourceText:
    root, dot, rest = name.partition(".")
    if module == "builtins" and root not in vars(sys.modules[MAIN]):
        return SourceText(name)
    user = UserName(module, root, directory)
    return SourceText(f"{user.stand_in}{dot}{rest}", (user,))


def _look_up(module: str, name: str) -> Any:
    target: Any = sys.modules.get(module)
    for part in name.split("."):
        target = getattr(target, part, None)
    return target


def _is_same(first: Any, second: Any) -> bool:
    """Whether both are one object; a method is created anew on every access."""
    if isinstance(second, (MethodType, BuiltinMethodType)):
        return type(first) is type(second) and first.__self__ is second.__self__ and first.__name__ == second.__name__
    return first is second


def _names_in_modules(target: Any) -> Iterator[tuple[str, str]]:
    """The modules and names under which an object is found, the most natural first."""
    names = [
        (module, name)
        for module, loaded in list(sys.modules.items())
        for name, value in list(getattr(loaded, "__dict__", {}).items())
        if value is target and name.isidentifier() and not module.startswith("concbench")
    ]

    def order(pair: tuple[str, str]) -> tuple[bool, bool, bool, int, tuple[str, str]]:
        module, name = pair
        return module == MAIN, module != type(target).__module__, name.startswith("_"), module.count("."), pair

    yield from sorted(names, key=order)


def _directory(module: str) -> str:
    """The directory that must be on the import path for a module of this process; empty if none is needed."""
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if module == MAIN or not file or module.partition(".")[0] in sys.stdlib_module_names:
        return ""
    depth = module.count(".") + (Path(file).stem == "__init__")
    return _needed_directory(module, str(Path(file).absolute().parents[depth]))


def _needed_directory(module: str, directory: str) -> str:
    """The directory, if it must be put on the import path; empty if an interpreter started here looks there."""
    current, top = os.getcwd(), module.partition(".")[0]  # noqa: PTH109 - a text
    if _is_same_directory(directory, current):
        return ""
    if not any(Path(directory, name).exists() for name in (top, f"{top}.py")):
        return ""  # it was found through the import path
    return "" if _is_same_directory(directory, _module_directory_from(current, top)) else directory


def _is_same_directory(first: str, second: str) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)


_FIND_MODULE = """
import os, sys
from importlib.util import find_spec
spec = find_spec(sys.argv[1])
paths = list(spec.submodule_search_locations or [spec.origin or ""]) if spec else [""]
sys.stdout.buffer.write(os.fsencode(os.path.dirname(paths[0])))
"""


@cache
def _module_directory_from(directory: str, module: str) -> str:
    """The directory in which an interpreter started in `directory` finds a module; nothing is imported."""
    command = [sys.executable, "-c", _FIND_MODULE, module]
    process, _ = attempt(
        lambda: subprocess.run(command, cwd=directory, capture_output=True, timeout=_SECONDS, check=True)
    )
    return os.fsdecode(process.stdout) if process is not None else ""


def _is_plain(value: Any) -> bool:
    """Whether the repr of a value is an expression for it, with the same types."""
    kind = type(value)
    if kind in {list, tuple, set} and len(value) <= _LONGEST:
        return all(map(_is_plain, value)) and value != set()
    if kind is dict and len(value) <= _LONGEST:
        return all(_is_plain(part) for pair in value.items() for part in pair)
    return kind in _SCALARS or (kind is float and isfinite(value))


def _are_consecutive(items: Sequence[Any]) -> bool:
    if len(items) < 2 or type(items[0]) is not int:
        return False
    return all(type(item) is int and item == number for number, item in enumerate(items, start=items[0]))


def _is_standard(name: str, value: Any) -> bool:
    """Whether a name means the same everywhere: a module, or an object of the standard library."""
    if isinstance(value, ModuleType):
        return value.__name__ == name
    module = getattr(value, "__module__", None) or ""
    return getattr(value, "__name__", None) == name and module.partition(".")[0] in sys.stdlib_module_names - {MAIN}
