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


def function_text(found: ObjectPath | Callable[..., Any]) -> SourceText:
    """The source text of a callable: its name, a partial of a callable with a name, or a line to be filled in."""
    if isinstance(found, ObjectPath):
        return _of_module(found.module, found.attribute, _needed(found.module, found.directory))
    text = _named(found)
    if text is not None:
        return text
    text = _partial(found)
    expression = text.expression if text else "..."
    comment = [] if text else [f"# Write the measured function here: {short(found, _LONGEST)}"]
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
    plain, broken = attempt(_is_plain, value)
    text = repr(value) if plain and broken is None else ""
    return text if text and len(text) <= _LONGEST else None


def names_of_main() -> frozenset[str]:
    """The names of the main program that mean something of its own, and not a module or the standard library."""
    main = vars(sys.modules[MAIN])
    return frozenset(
        name for name, value in main.items() if not name.startswith("__") and not _is_standard(name, value)
    )


def _named(found: Any) -> SourceText | None:
    """An object by its own name, or by a name in some module; a method by the name of its object."""
    name, owner = getattr(found, "__qualname__", None), getattr(found, "__objclass__", None)
    module = getattr(found, "__module__", None) or getattr(owner, "__module__", None)
    if isinstance(module, str) and isinstance(name, str) and _is_same(_looked_up(module, name), found):
        return _of_module(module, name, _directory(module))
    if isinstance(found, (MethodType, BuiltinMethodType)) and not isinstance(found.__self__, ModuleType):
        plain = literal(found.__self__)
        object_ = SourceText(plain) if plain is not None else _named(found.__self__)
        if object_ and _is_same(getattr(found.__self__, found.__name__, None), found):
            return SourceText(f"{object_.expression}.{found.__name__}", object_.names)
        return None
    for module, name in _places(found):
        return _of_module(module, name, _directory(module))
    return None


def _partial(found: Any) -> SourceText | None:
    """A partial, if all its parts can be written."""
    if type(found) is not partial:
        return None
    parts = [_named(found.func), *(_value(one) for one in (*found.args, *found.keywords.values()))]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or not all(key.isidentifier() for key in found.keywords):
        return None
    texts = [part.expression for part in known]
    first = len(texts) - len(found.keywords)
    keywords = [f"{key}={text}" for key, text in zip(found.keywords, texts[first:], strict=True)]
    names = [name for part in known for name in part.names]
    expression = f"partial({', '.join([*texts[:first], *keywords])})"
    return SourceText(expression, ("from functools import partial", *names))


def _value(value: Any) -> SourceText | None:
    text = literal(value)
    return SourceText(text) if text is not None else _named(value)


def _of_module(module: str, name: str, directory: str) -> SourceText:
    root, dot, rest = name.partition(".")
    if module == "builtins" and root not in vars(sys.modules[MAIN]):
        return SourceText(name)
    user = UserName(module, root, directory)
    return SourceText(f"{user.stand_in}{dot}{rest}", (user,))


def _looked_up(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _is_same(one: Any, other: Any) -> bool:
    """Whether both are one object; a method is created anew on every access."""
    if isinstance(other, (MethodType, BuiltinMethodType)):
        return type(one) is type(other) and one.__self__ is other.__self__ and one.__name__ == other.__name__
    return one is other


def _places(found: Any) -> Iterator[tuple[str, str]]:
    """The modules and names under which an object is found, the most natural first."""
    places = [
        (module, name)
        for module, loaded in list(sys.modules.items())
        for name, value in list(getattr(loaded, "__dict__", {}).items())
        if value is found and name.isidentifier() and not module.startswith("concbench")
    ]

    def order(place: tuple[str, str]) -> tuple[bool, bool, bool, int, tuple[str, str]]:
        module, name = place
        return module == MAIN, module != type(found).__module__, name.startswith("_"), module.count("."), place

    yield from sorted(places, key=order)


def _directory(module: str) -> str:
    """The directory that must be on the import path for a module of this process; empty if none is needed."""
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if module == MAIN or not file or module.partition(".")[0] in sys.stdlib_module_names:
        return ""
    depth = module.count(".") + (Path(file).stem == "__init__")
    return _needed(module, str(Path(file).absolute().parents[depth]))


def _needed(module: str, directory: str) -> str:
    """The directory, if it must be put on the import path; empty if an interpreter started here looks there."""
    here, top = os.getcwd(), module.partition(".")[0]  # noqa: PTH109 - a text
    if _is_same_place(directory, here):
        return ""
    if not any(Path(directory, name).exists() for name in (top, f"{top}.py")):
        return ""  # it was found through the import path
    return "" if _is_same_place(directory, _found_from(here, top)) else directory


def _is_same_place(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


_LOOK = """
import os, sys
from importlib.util import find_spec
spec = find_spec(sys.argv[1])
places = list(spec.submodule_search_locations or [spec.origin or ""]) if spec else [""]
sys.stdout.buffer.write(os.fsencode(os.path.dirname(places[0])))
"""


@cache
def _found_from(directory: str, module: str) -> str:
    """The directory in which an interpreter started in `directory` finds a module; nothing is imported."""
    command = [sys.executable, "-c", _LOOK, module]
    done, _ = attempt(lambda: subprocess.run(command, cwd=directory, capture_output=True, timeout=_SECONDS, check=True))
    return os.fsdecode(done.stdout) if done is not None else ""


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
    return all(type(item) is int and item == place for place, item in enumerate(items, start=items[0]))


def _is_standard(name: str, value: Any) -> bool:
    """Whether a name means the same everywhere: a module, or an object of the standard library."""
    if isinstance(value, ModuleType):
        return value.__name__ == name
    module = getattr(value, "__module__", None) or ""
    return getattr(value, "__name__", None) == name and module.partition(".")[0] in sys.stdlib_module_names - {MAIN}
