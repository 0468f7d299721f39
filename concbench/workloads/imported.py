"""Anybody's function over anybody's items. Standard library only: the measuring process imports this."""

from __future__ import annotations

import inspect
import pickle
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from concbench.errors import BadFunction, Inapplicable
from concbench.task import one_line, short
from concbench.workloads.adapters import Awaited, InEventLoop, Tolerant, TolerantCoroutine, Unpacked, WithoutArguments
from concbench.workloads.base import Workload
from concbench.workloads.call import Call, listed, named
from concbench.workloads.item_source import ItemSource
from concbench.workloads.loading import Place

MOST_TO_OTHERS = 10
"""Calls at once on addresses of other machines, which are no test bench."""
_UNCHANGING = (str, bytes, int, float, complex, bool, type(None))
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


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
    """Each item is unpacked into several arguments."""
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


@dataclass(frozen=True)
class Facts:
    """What is known of a function and its items without holding them: plain values."""

    tasks: int
    awaits: bool
    """Whether it is a coroutine function."""
    changing: bool
    """Whether items are of types that can be changed."""
    elsewhere: bool
    """Whether items are addresses of other machines."""
    items_called: bool = False
    """Whether the items are what a function of a module returned."""

    @classmethod
    def of(cls, function: Any, items: Sequence[Any]) -> Self:
        """Look at them."""
        return cls(
            tasks=len(items),
            awaits=inspect.iscoroutinefunction(function),
            changing=not all(isinstance(item, _UNCHANGING) for item in items),
            elsewhere=any(map(_elsewhere, items)),
        )


class Imported(Workload):
    """A function that is named or given, over items that are given."""

    kind: ClassVar[str] = "mixed"

    def __init__(
        self,
        function: Place | Callable[..., Any],
        how: How,
        facts: Facts,
        *,
        source: ItemSource | None = None,
        packed: bytes | None = None,
        items: Sequence[Any] | None = None,
    ) -> None:
        """Take what is to be called, and on what; `of` is simpler where both are at hand.

        Args:
            function: an ordinary function or a coroutine function, or where it is found.
            how: how it is called.
            facts: what is known of them.
            source: where the items are read, if they are not given.
            packed: the items as a pickle, if they can be pickled.
            items: the items themselves, for a measurement in this process.
        """
        self.name = name_of(function)
        self._function = function
        self._how = how
        self._facts = facts
        self._source = source
        self._packed = packed
        self._given = items
        self._items: Sequence[Any] | None = None
        self._picked: list[int] | None = None
        self._whole = facts.tasks
        self._file: Path | None = None
        self.most_workers = how.max_workers or (MOST_TO_OTHERS if facts.elsewhere else None)
        self.compares = how.compare

    @classmethod
    def of(cls, function: Callable[..., Any], items: Sequence[Any], how: How) -> Self:
        """A function and items that this process holds.

        Raises:
            BadFunction: it cannot be called on them.
        """
        require_callable(function, name_of(function), items, how)
        made = cls(function, how, Facts.of(function, items), packed=pickled(items), items=items)
        made.unsendable = _why_at_home(function, items, how)
        return made

    def some(self, count: int, seed: int) -> Self:
        """The same over so many of its items, drawn at random; they keep their order."""
        part = object.__new__(type(self))
        part.__dict__.update(
            self.__dict__,
            _picked=sorted(random.Random(seed).sample(range(self.tasks), count)),
            _facts=replace(self._facts, tasks=count),
            _items=None,
        )
        return part

    def __getstate__(self) -> dict[str, Any]:
        """Items travel in a file that all measuring processes share, not with the workload."""
        return {**self.__dict__, "_items": None, "_given": None, "_packed": None if self._file else self._packed}

    @property
    def tasks(self) -> int:
        """Calls in one execution."""
        return self._facts.tasks

    @property
    def function(self) -> Callable[[Any], Any]:
        """The user's own, adapted only where it must be."""
        function = self._called(resolve(self._function))
        if self._facts.awaits:
            function = InEventLoop(function)
        return Tolerant(function) if self._how.tolerate else function

    @property
    def coroutine(self) -> Callable[[Any], Awaitable[Any]] | None:
        """The twin, or the function itself if it is a coroutine function."""
        found = (
            self._how.coroutine if self._how.coroutine is not None else self._function if self._facts.awaits else None
        )
        if found is None:
            return None
        given = resolve(found)
        coroutine = self._called(given)
        if self._how.tolerate:
            return TolerantCoroutine(coroutine)
        return coroutine if coroutine is given else Awaited(coroutine)

    @property
    def items(self) -> Sequence[Any]:
        """As fresh as they were given, after every `reset`."""
        if self._items is None:
            fresh = self._fresh()
            self._items = fresh if self._picked is None else [fresh[place] for place in self._picked]
        return self._items

    def _fresh(self) -> Sequence[Any]:
        packed = self._file.read_bytes() if self._file else self._packed
        if packed is not None:
            unpacked: Sequence[Any] = pickle.loads(packed)
            return unpacked
        if self._given is not None:
            return _copied(self._given)
        assert self._source is not None
        return self._source.read()

    @property
    def awaitable(self) -> bool:
        """Whether there is a coroutine function."""
        return self._facts.awaits or self._how.coroutine is not None

    def call(self) -> Call:
        """As source text, of all items."""
        imports, function = named(self._function)
        others, items = listed(self._source, self._whole, called=self._facts.items_called)
        if self._given is not None and not self._how.arguments:
            others, items = [], f"range({self._whole})"
        twins, coroutine = named(self._how.coroutine) if self._how.coroutine is not None else ([], "")
        return Call(
            imports=(*imports, *others, *twins),
            function=function,
            items=items,
            star=self._how.star,
            arguments=self._how.arguments,
            awaits=self._facts.awaits,
            coroutine=coroutine,
        )

    def title(self) -> str:
        """How many items, from where."""
        if not self._how.arguments:
            return f"{_counted(self.tasks, 'call')} without arguments"
        if self._picked is not None:
            return f"{self.tasks:,} of {self._whole:,} items, drawn at random"
        origin = f" from {self._source.text}" if self._source and self._source.text else ""
        return f"{_counted(self.tasks, 'item')}{origin}"

    def notes(self) -> list[str]:
        """What a reader must know to read the table."""
        notes = []
        if self.unsendable:
            notes.append(
                "Measured in this process, since another one could not find the function or take its items: a crash "
                "would have ended everything."
            )
        if self._facts.awaits:
            notes.append("Threads and processes run the coroutine function in an event loop of each worker's own.")
        if self._how.tolerate:
            notes.append("Exceptions of tasks are taken for results (--tolerate).")
        if self._facts.elsewhere and self._how.max_workers is None:
            notes.append(
                f"At most {self.most_workers} calls at once, since items are addresses of other machines "
                "(--max-workers changes that)."
            )
        return notes

    @contextmanager
    def running(self, directory: str) -> Iterator[Self]:
        """Put the items where all measuring processes find them."""
        if self._packed is not None:
            self._file = Path(directory) / "items.pickle"
            self._file.write_bytes(self._packed)
        try:
            yield self
        finally:
            self._file = None

    def reset(self) -> None:
        """What a function did to its items must not be seen by the next execution."""
        if self._facts.changing:
            self._items = None

    def context(self, workers: int) -> AbstractContextManager[Any]:
        """The user's, if there is one."""
        made = self._context(workers)
        if not hasattr(made, "__enter__"):
            raise Inapplicable(f"the context {self._context_name()} is an asynchronous one: it serves asyncio only")
        context: AbstractContextManager[Any] = made
        return context

    def coroutine_context(self, workers: int) -> AbstractAsyncContextManager[Any]:
        """The same; an asynchronous one is entered in the event loop."""
        made = self._context(workers)
        return made if hasattr(made, "__aenter__") else _entered_in_loop(made)

    def same(self, expected: Any, actual: Any) -> bool | None:
        """By the user's check, if there is one."""
        if self._how.check is None:
            return super().same(expected, actual)
        return bool(resolve(self._how.check)(expected, actual))

    def settings(self) -> dict[str, Any]:
        """Names and switches."""
        how = self._how
        source = self._source
        named = {"coroutine": how.coroutine, "context": how.context, "check": how.check}
        return {
            "function": self.name,
            **(
                {"items": source.text, "limit": source.limit, "sample": source.sample} if source and source.text else {}
            ),
            **{key: name_of(value) for key, value in named.items() if value is not None},
            **{key: getattr(how, key) for key in ("star", "tolerate") if getattr(how, key)},
        }

    def _called(self, function: Callable[..., Any]) -> Callable[[Any], Any]:
        if not self._how.arguments:
            return WithoutArguments(function)
        return Unpacked(function) if self._how.star else function

    def _context(self, workers: int) -> Any:
        if self._how.context is None:
            return nullcontext()
        make = resolve(self._how.context)
        try:
            takes = bool(inspect.signature(make).parameters)
        except (TypeError, ValueError):
            takes = False
        made = make(workers) if takes else make()
        if not hasattr(made, "__enter__") and not hasattr(made, "__aenter__"):
            raise BadFunction(f"the context {self._context_name()} returned {short(made)}, which is no context manager")
        return made

    def _context_name(self) -> str:
        return name_of(self._how.context)


def resolve(found: Place | Callable[..., Any]) -> Any:
    """The object itself."""
    return found.load() if isinstance(found, Place) else found


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
        for index, item in enumerate(items):
            if not isinstance(item, (list, tuple)):
                raise BadFunction(f"item {index}, {short(item)}, cannot be unpacked into arguments; leave out --star")
    arguments = items[0] if how.star else items[:1] if how.arguments else ()
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*arguments)
    except TypeError as error:
        advice = "" if how.star or not how.arguments else "; if an item holds several arguments, add --star"
        advice = advice if how.arguments else "; give it items with --items"
        raise BadFunction(f"{name}{signature} cannot be called with {_arguments(arguments)}: {error}{advice}") from None


def _arguments(arguments: Sequence[Any]) -> str:
    return f"({', '.join(short(argument, 30) for argument in arguments)})" if arguments else "no arguments"


def pickled(items: Sequence[Any]) -> bytes | None:
    """The items as a pickle that can be read back; None if they cannot be pickled."""
    try:
        packed = pickle.dumps(list(items))
        pickle.loads(packed)
    except Exception:  # noqa: BLE001 - whatever the reason, they stay in this process
        return None
    return packed


def _why_at_home(function: Any, items: Sequence[Any], how: How) -> str:
    """Why another process could not find the function, or take the items; empty if it could."""
    given = [value for value in (how.coroutine, how.context, how.check) if value is not None]
    try:
        packed = pickle.dumps([function, given, [item for item in items if not isinstance(item, _UNCHANGING)]])
    except Exception as error:  # noqa: BLE001 - whatever the reason
        return (
            f"it cannot be sent to another process ({one_line(error)}): define functions at the top level of a module, "
            "and use items that can be pickled"
        )
    if b"__main__" in packed:
        return (
            f"{name_of(function)} is defined in the main program: move it to a module that other processes can import"
        )
    return ""


def _copied(items: Sequence[Any]) -> Sequence[Any]:
    """A deep copy, or where there can be none, the items themselves."""
    try:
        return deepcopy(items)
    except Exception:  # noqa: BLE001 - whatever the reason
        return items


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _elsewhere(item: Any) -> bool:
    """Whether an item is an address of another machine, or one of several arguments is."""
    if isinstance(item, (list, tuple)):
        return any(_elsewhere(part) for part in item if isinstance(part, str))
    if not isinstance(item, str) or not item.lower().startswith(("http://", "https://")):
        return False
    try:
        return urlsplit(item).hostname not in _LOOPBACK
    except ValueError:
        return True


@asynccontextmanager
async def _entered_in_loop(context: AbstractContextManager[Any]) -> AsyncIterator[Any]:
    with context as entered:
        yield entered
