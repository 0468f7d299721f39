"""Explains why a function cannot be called on its items, and what to do; loaded only if that happens."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from concbench.task import short

_OR_WRAP = "or name a function of one argument that calls it"


def owner_of(function: Any) -> type | None:
    """The class of an unbound method; None for anything else."""
    owner: Any = sys.modules.get(getattr(function, "__module__", None) or "")
    *names, name = getattr(function, "__qualname__", "").split(".")
    for part in names:
        owner = getattr(owner, part, None)
    return owner if isinstance(owner, type) and vars(owner).get(name) is function else None


def is_misplaced(owner: type, signature: inspect.Signature, arguments: Iterable[Any]) -> bool:
    """Whether an unbound method would take another item for its object."""
    first = next(iter(signature.parameters), "")
    return first == "self" and not isinstance(next(iter(arguments), None), owner)


def bound_method_advice(function: Any, name: str, owner: type) -> str:
    """A suggestion of what to name instead of an unbound method."""
    method = function.__name__
    module = sys.modules.get(function.__module__)
    objects = [key for key, value in vars(module).items() if isinstance(value, owner)] if module else []
    module_name = name.rpartition(":")[0] or function.__module__
    if objects:
        return f"did you mean {module_name}:{objects[0]}.{method}?"
    example = f"thing = {owner.__name__}(...)"
    return f"make one in the module, such as {example}, and name {module_name}:thing.{method}, {_OR_WRAP}"


def item_advice(signature: inspect.Signature, item: Any, *, star: bool) -> str:
    """Advice on an item that does not fit; `star` says whether it was unpacked."""
    if not signature.parameters:
        return "it takes no argument: leave out the items (--repeat N calls it N times)"
    if star and isinstance(item, dict):
        return "the keys of an item must be the names of its arguments"
    if not star and isinstance(item, (dict, list, tuple)) and _fits(signature, item):
        return "if an item holds several arguments, add --star"
    missing = _missing_keyword(signature)
    if missing:
        advice = "make each item a dict of all arguments by their names" + ("" if star else " and add --star")
        return f"{missing!r} is keyword-only: {advice}, {_OR_WRAP}"
    if star:
        return (
            "leave out --star" if _fits(signature, [item]) else "an item must hold as many values as the function takes"
        )
    return f"an item is one argument: make each a list of all arguments and add --star, {_OR_WRAP}"


def advice_without_star(signature: inspect.Signature | None, item: Any) -> str:
    """Advice on items if none of them can be unpacked."""
    if signature is None or _fits(signature, [item]):
        return "leave out --star"
    return f"make each item a list of arguments, {_OR_WRAP}"


def _missing_keyword(signature: inspect.Signature) -> str:
    """The first keyword-only parameter that must be given; empty if there is none."""
    parameters = signature.parameters.values()
    return next((each.name for each in parameters if each.kind is each.KEYWORD_ONLY and each.default is each.empty), "")


def _fits(signature: inspect.Signature, arguments: Sequence[Any] | dict[str, Any]) -> bool:
    try:
        signature.bind(**arguments) if isinstance(arguments, dict) else signature.bind(*arguments)
    except TypeError:
        return False
    return True


def arguments_text(arguments: Sequence[Any] | dict[str, Any]) -> str:
    """Arguments as written in a call."""
    if isinstance(arguments, dict):
        texts = [f"{name}={short(argument, 30)}" for name, argument in arguments.items()]
    else:
        texts = [short(argument, 30) for argument in arguments]
    return f"({', '.join(texts)})" if texts else "no arguments"
