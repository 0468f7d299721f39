"""How a function is called, and whether it can be. Standard library only: the measuring process imports this."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from concbench.errors import BadFunction
from concbench.task import short
from concbench.workloads.loading import Place


@dataclass(frozen=True)
class How:
    """How a function is called, beyond its items."""

    coroutine: Place | Callable[..., Any] | None = None
    """Its twin as a coroutine function."""
    context: Place | Callable[..., Any] | None = None
    """Called for a context manager that is entered around every execution, off the clock; told the number of workers
    if it takes an argument."""
    check: Place | Callable[[Any, Any], Any] | None = None
    """Called with an expected and an actual result; says whether the actual one is right."""
    compare: bool = True
    """Whether results are compared at all."""
    star: bool = False
    """Each item is unpacked into several arguments, a dict into keyword arguments."""
    arguments: bool = True
    """Whether there are arguments: if not, items only count the calls."""
    tolerate: bool = False
    """Exceptions are results like any other."""
    max_workers: int | None = None
    """Calls at once at most."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the process that looks at them; everything must have been named, not given."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read back what to_json wrote."""
        places = {key: Place(**value) for key, value in values.items() if isinstance(value, dict)}
        return cls(**{**values, **places})


def resolve(found: Place | Callable[..., Any]) -> Any:
    """The object itself."""
    return found.load() if isinstance(found, Place) else found


def takes_workers(make: Callable[..., Any]) -> bool:
    """Whether what makes a context is told the number of workers."""
    try:
        return bool(inspect.signature(make).parameters)
    except (TypeError, ValueError):
        return False


def name_of(found: Any) -> str:
    """As people write it: module:function."""
    if isinstance(found, Place):
        return found.text
    module, name = getattr(found, "__module__", None), getattr(found, "__qualname__", None)
    return f"{module}:{name}" if module and name and module != "__main__" else name or type(found).__name__


def require_function(function: Any, name: str) -> None:
    """Refuse what cannot be called.

    Raises:
        BadFunction: it cannot.
    """
    if not callable(function):
        raise BadFunction(f"{name} is {short(function)}, which cannot be called")


def require_callable(function: Any, name: str, items: Sequence[Any], how: How) -> None:
    """Try, without calling it, whether a function can be called on the items.

    Raises:
        BadFunction: it cannot; says what to do.
    """
    require_function(function, name)
    if how.star:
        alike = dict if isinstance(items[0], dict) else (list, tuple)
        for index, item in enumerate(items):
            if not isinstance(item, alike):
                raise BadFunction(f"item {index}, {short(item)}, cannot be unpacked into arguments; leave out --star")
    arguments = items[0] if how.star else items[:1] if how.arguments else ()
    by_name = arguments if isinstance(arguments, dict) else {}
    arguments = () if by_name else arguments
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*arguments, **by_name)
    except TypeError as error:
        advice = "" if how.star or not how.arguments else "; if an item holds several arguments, add --star"
        advice = advice if how.arguments else "; give it items with --items"
        raise BadFunction(
            f"{name}{signature} cannot be called with {_arguments(arguments, by_name)}: {error}{advice}"
        ) from None


def _arguments(arguments: Sequence[Any], by_name: Mapping[str, Any]) -> str:
    texts = [short(value, 30) for value in arguments] + [f"{key}={short(value, 30)}" for key, value in by_name.items()]
    return f"({', '.join(texts)})" if texts else "no arguments"
