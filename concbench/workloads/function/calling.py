"""How a function is called, and whether it can be. Standard library only: the measuring process imports this."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from concbench.errors import BadFunction
from concbench.task import short
from concbench.workloads.function.lookup import ObjectPath


@dataclass(frozen=True)
class CallForm:
    """How a function is called, beyond its items."""

    coroutine: ObjectPath | Callable[..., Any] | None = None
    """The coroutine function that does the same."""
    context: ObjectPath | Callable[..., Any] | None = None
    """Makes a context manager that is entered around every execution, off the clock; called with the number of
    workers if it takes an argument."""
    initializer: ObjectPath | Callable[[], Any] | None = None
    """Called once in each worker before its first task, on the clock."""
    check: ObjectPath | Callable[[Any, Any], Any] | None = None
    """Called with an expected and an actual result; returns whether the actual one is right."""
    compare: bool = True
    """Whether results are compared at all."""
    star: bool = False
    """Whether each item is unpacked into several arguments, a dict into keyword arguments."""
    arguments: bool = True
    """Whether the function takes arguments; if not, items only count the calls."""
    tolerate: bool = False
    """Whether exceptions are results like any other."""
    max_workers: int | None = None
    """Most calls in progress at once."""

    @property
    def named_objects(self) -> dict[str, ObjectPath | Callable[..., Any]]:
        """The objects beside the function, by the option that names them."""
        values = {name: getattr(self, name) for name in ("coroutine", "context", "initializer", "check")}
        return {name: value for name, value in values.items() if value is not None}

    def to_json(self) -> dict[str, Any]:
        """Plain values for the process that examines the function; every object must be a place."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read back what to_json wrote."""
        places = {key: ObjectPath(**value) for key, value in values.items() if isinstance(value, dict)}
        return cls(**{**values, **places})


def resolve(target: ObjectPath | Callable[..., Any]) -> Any:
    """The object itself, imported if it is a place."""
    return target.load() if isinstance(target, ObjectPath) else target


def takes_workers(make: Callable[..., Any]) -> bool:
    """Whether the function that makes a context takes the number of workers."""
    try:
        return bool(inspect.signature(make).parameters)
    except (TypeError, ValueError):
        return False


def name_of(target: Any) -> str:
    """The name of an object as people write it: module:function."""
    if isinstance(target, ObjectPath):
        return target.text
    module, name = getattr(target, "__module__", None), getattr(target, "__qualname__", None)
    return f"{module}:{name}" if module and name and module != "__main__" else name or type(target).__name__


def require_function(function: Any, name: str) -> None:
    """Refuse an object that cannot be called.

    Raises:
        BadFunction: it cannot be called.
    """
    if isinstance(function, property):
        raise BadFunction(f"{name} is a property, which is read and cannot be called; name a function that reads it")
    if not callable(function):
        raise BadFunction(f"{name} is {short(function)}, which cannot be called")


def require_initializer(initializer: Any, name: str) -> None:
    """Refuse an initializer that needs arguments, or would have to be awaited.

    Raises:
        BadFunction: it cannot be used; says what to do.
    """
    require_function(initializer, name)
    if inspect.iscoroutinefunction(initializer):
        raise BadFunction(f"the initializer {name} is a coroutine function: name an ordinary one")
    try:
        signature = inspect.signature(initializer)
    except (TypeError, ValueError):
        return
    try:
        signature.bind()
    except TypeError as error:
        raise BadFunction(
            f"the initializer {name}{signature} is called without arguments: {error}; name a function that calls it"
        ) from None


def require_callable(function: Any, name: str, items: Sequence[Any], call_form: CallForm) -> None:
    """Check, without calling it, whether a function can be called on the items.

    Raises:
        BadFunction: it cannot be called; says what to do.
    """
    require_function(function, name)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        signature = None
    if call_form.star:
        _require_unpackable(items, signature)
    if signature is None:
        return
    checked_forms = set()
    for index, item in enumerate(items if call_form.star else items[:1]):
        arguments = item if call_form.star else [item] if call_form.arguments else ()
        form = tuple(arguments) if isinstance(arguments, dict) else len(arguments)
        if form not in checked_forms:
            checked_forms.add(form)
            _require_fitting(function, name, signature, arguments, item, call_form, index)


def _require_unpackable(items: Sequence[Any], signature: inspect.Signature | None) -> None:
    """Refuse items that are not several arguments each."""
    kinds = dict if isinstance(items[0], dict) else (list, tuple)
    for index, item in enumerate(items):
        if not isinstance(item, kinds):
            from concbench.workloads.function import arity

            some_fit = any(isinstance(other, kinds) for other in items)
            form = "dict" if kinds is dict else "list"
            advice = f"others can: make it a {form} as well" if some_fit else arity.advice_without_star(signature, item)
            raise BadFunction(f"item {index}, {short(item)}, cannot be unpacked into arguments; {advice}")


def _require_fitting(
    function: Any,
    name: str,
    signature: inspect.Signature,
    arguments: Sequence[Any] | dict[str, Any],
    item: Any,
    call_form: CallForm,
    index: int,
) -> None:
    """Refuse arguments that a function does not take."""
    problem = ""
    try:
        _ = signature.bind(**arguments) if isinstance(arguments, dict) else signature.bind(*arguments)
    except TypeError as error:
        problem = str(error)
    from concbench.workloads.function import arity  # loaded only where a measuring process needs it

    owner = arity.owner_of(function)
    if owner is not None and arity.is_misplaced(owner, signature, arguments):
        advice = arity.bound_method_advice(function, name, owner)
        raise BadFunction(f"{name} is an unbound method of {owner.__name__}; {advice}")
    if not problem:
        return
    subject = f"{name}{signature}" if not isinstance(function, type) else f"the class {name}{signature}"
    clause = f"cannot be called with {arity.arguments_text(arguments)}"
    clause += f", which is item {index}" if index else ""
    advice = "give it items with --items"
    if call_form.arguments:
        advice = arity.item_advice(signature, item, star=call_form.star)
    raise BadFunction(f"{subject} {clause}: {problem}; {advice}")
