"""A user's function over a user's items. Standard library only: the measuring process imports this."""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from concbench.errors import BadFunction, Inapplicable
from concbench.results.passes import ReferencePass
from concbench.task import exception_text, short, type_name
from concbench.workloads.base import Tally, Workload
from concbench.workloads.function.adapters import (
    CoroutineWithToleratedErrors,
    InEventLoop,
    WithAwaitedResult,
    WithoutArguments,
    WithToleratedErrors,
    WithUnpackedItem,
)
from concbench.workloads.function.calling import (
    CallForm,
    name_of,
    require_callable,
    require_initializer,
    resolve,
    takes_workers,
)
from concbench.workloads.function.facts import FunctionFacts, is_coroutine_function, pickle_items, unsendable_reason
from concbench.workloads.function.item_source import ItemSource
from concbench.workloads.function.lookup import ObjectPath

if TYPE_CHECKING:  # a measuring process must not pay for it
    from concbench.program import CallExpression
    from concbench.workloads.function.source_text import SourceText

MOST_TO_OTHERS = 10
"""Most calls in progress at once on addresses of other machines, which are not a test bench."""


class FunctionWorkload(Workload):
    """A workload of a user's function over the user's items."""

    kind: ClassVar[str] = "mixed"
    examined: ClassVar[bool] = True

    def __init__(
        self,
        function: ObjectPath | Callable[..., Any],
        call_form: CallForm,
        facts: FunctionFacts,
        *,
        source: ItemSource | None = None,
        packed: bytes | None = None,
        items: Sequence[Any] | None = None,
    ) -> None:
        """Create the workload; `of` is simpler if the function and the items are at hand.

        Args:
            function: an ordinary function or a coroutine function, or the place where it is found.
            call_form: how it is called.
            facts: the facts about the function and its items.
            source: the source of the items, if they are not given.
            packed: the items as a pickle, if they can be pickled.
            items: the items themselves, for a measurement in this process.
        """
        self.name = name_of(function)
        self._function = function
        self._call_form = call_form
        self._facts = facts
        self._source = source
        self._packed = packed
        self._digest = _digest(packed) if packed else ""
        self._items_here = items
        self._items: Sequence[Any] | None = None
        self._indexes: list[int] | None = None
        self._all_tasks = facts.tasks
        self._returns_awaitables = False  # whether it returned awaitables and is not a coroutine function
        self._file: Path | None = None
        self.most_workers = call_form.max_workers or (MOST_TO_OTHERS if facts.elsewhere else None)
        self.compares = call_form.compare

    @classmethod
    def of(cls, function: Callable[..., Any], items: Sequence[Any], call_form: CallForm) -> Self:
        """Make a workload of a function and items of this process.

        Raises:
            BadFunction: the function cannot be called on the items.
        """
        require_callable(function, name_of(function), items, call_form)
        if call_form.initializer is not None:
            require_initializer(resolve(call_form.initializer), name_of(call_form.initializer))
        told_workers = call_form.context is not None and takes_workers(resolve(call_form.context))
        facts = replace(FunctionFacts.of(function, items), told_workers=told_workers)
        workload = cls(function, call_form, facts, packed=pickle_items(items), items=items)
        workload.unsendable = unsendable_reason(function, items, call_form)
        return workload

    def some(self, count: int, seed: int) -> Self:
        """The same workload over `count` of its items, drawn at random, in their order."""
        from random import Random  # here and below: loaded only where it is needed

        part = object.__new__(type(self))
        part.__dict__.update(
            self.__dict__,
            _indexes=sorted(Random(seed).sample(range(self.tasks), count)),
            _facts=replace(self._facts, tasks=count),
            _items=None,
        )
        return part

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the items, which travel in a file that all measuring processes share."""
        return {**self.__dict__, "_items": None, "_items_here": None, "_packed": None if self._file else self._packed}

    @property
    def tasks(self) -> int:
        """Calls in one execution."""
        return self._facts.tasks

    @property
    def function(self) -> Callable[[Any], Any]:
        """The user's function, adapted only if it must be."""
        function = self._adapted(resolve(self._function))
        if self._facts.awaits:
            function = InEventLoop(self._awaitable(function))
        return WithToleratedErrors(function) if self._call_form.tolerate else function

    @property
    def coroutine(self) -> Callable[[Any], Awaitable[Any]] | None:
        """The user's coroutine function, or the function itself if it is one."""
        target = self._call_form.coroutine
        if target is None and self._facts.awaits:
            target = self._function
        if target is None:
            return None
        coroutine = self._awaitable(self._adapted(resolve(target)))
        return CoroutineWithToleratedErrors(coroutine) if self._call_form.tolerate else coroutine

    @property
    def initializer(self) -> Callable[[], object] | None:
        """The user's initializer, if there is one."""
        return resolve(self._call_form.initializer) if self._call_form.initializer is not None else None

    @property
    def items(self) -> Sequence[Any]:
        """The items, as fresh as they were given after every `reset`."""
        if self._items is None:
            fresh = self._fresh()
            self._items = fresh if self._indexes is None else [fresh[index] for index in self._indexes]
        return self._items

    def _fresh(self) -> Sequence[Any]:
        items_path = self._source.object_path() if self._source is not None else None
        for path in (self._function, *self._call_form.named_objects.values(), items_path):
            if isinstance(path, ObjectPath):
                path.make_importable()  # items may be objects of these modules
        items: Sequence[Any]
        if self._file is not None:
            items = self._read_shared_items(self._file, reproducible=items_path is not None)
        elif self._packed is not None:
            items = pickle.loads(self._packed)
        elif self._items_here is not None:
            items = _copy_items(self._items_here)
        else:
            assert self._source is not None
            items = self._source.read()
        return items

    def _read_shared_items(self, path: Path, *, reproducible: bool) -> Sequence[Any]:
        """The items of a file that another process has written, perhaps under another interpreter.

        Args:
            path: the file.
            reproducible: whether they can be made anew if they cannot be read.

        Raises:
            Inapplicable: they can be neither read nor made anew.
        """
        try:
            with path.open("rb") as file:  # piece by piece: large blocks that are freed change the heap
                items: Sequence[Any] = pickle.load(file)
        except OSError:
            raise
        except Exception as error:
            if reproducible and self._source is not None:
                return self._source.read()
            raise Inapplicable(f"its items cannot be read by this interpreter: {exception_text(error)}") from error
        return items

    def knowing(self, found: ReferencePass) -> Self:
        """The same workload, awaited if its results must be; fresh items are made only if the function changes them."""
        workload = object.__new__(type(self))
        facts = replace(
            self._facts,
            awaits=self._facts.awaits or found.awaitable,
            changing=self._facts.changing and not found.unchanged,
        )
        returns_awaitables = self._returns_awaitables or (found.awaitable and not self._facts.awaits)
        workload.__dict__.update(self.__dict__, _facts=facts, _returns_awaitables=returns_awaitables)
        return workload

    @property
    def awaitable(self) -> bool:
        """Whether there is a coroutine function."""
        return self._facts.awaits or self._call_form.coroutine is not None

    def call(self, workers: int) -> CallExpression:
        """The call as source text, with all items.

        Args:
            workers: the number of workers that the context gets.
        """
        from concbench.program import CallExpression
        from concbench.workloads.function.source_text import SourceText, function_text, names_of_main

        call_form, nothing = self._call_form, SourceText("")
        function = function_text(self._function)
        twin = function_text(call_form.coroutine) if call_form.coroutine is not None else nothing
        context = function_text(call_form.context) if call_form.context is not None else nothing
        initializer = function_text(call_form.initializer) if call_form.initializer is not None else nothing
        workers_argument = str(workers) if self._facts.told_workers else ""
        items = self._items_text()
        call = CallExpression(
            imports=tuple(name for text in (function, items, twin, context, initializer) for name in text.names),
            function=function.expression,
            items=items.expression,
            before=items.before,
            star="" if not call_form.star else "**" if self._facts.keywords else "*",
            arguments=call_form.arguments,
            awaits=self._facts.awaits,
            coroutine=twin.expression,
            tolerate=call_form.tolerate,
            context=f"{context.expression}({workers_argument})" if call_form.context is not None else "",
            initializer=initializer.expression,
            definitions=tuple(
                dict.fromkeys(line for text in (function, twin, context, initializer) for line in text.before)
            ),
            reserved_names=names_of_main() if self._items_here is not None else frozenset(),
        )
        return call.awaiting_some() if self._returns_awaitables else call

    def _items_text(self) -> SourceText:
        from concbench.workloads.function.item_expression import items_expression
        from concbench.workloads.function.source_text import items_text

        if self._items_here is not None:
            return items_text(self._items_here if self._call_form.arguments else range(self._all_tasks))
        assert self._source is not None
        return items_expression(self._source, self._all_tasks, called=self._facts.items_called)

    def title(self) -> str:
        """Number of items, and where they come from."""
        if not self._call_form.arguments:
            return f"{_count_text(self.tasks, 'call')} without arguments"
        if self._indexes is not None:
            return f"{self.tasks:,} of {self._all_tasks:,} items, drawn at random"
        origin = f" from {self._source.name}" if self._source and self._source.text else ""
        return f"{_count_text(self.tasks, 'item')}{origin}"

    def notes(self) -> list[str]:
        """Sentences that a reader of the table must know."""
        notes = []
        if self.unsendable:
            notes.append(
                "Measured in this process, because other processes cannot import the function or receive its items; a "
                "crash in the function would therefore have ended concbench as well."
            )
        if self._facts.awaits:
            notes.append("Threads and processes run the coroutine function in one event loop per worker.")
        if self._call_form.tolerate:
            notes.append("Exceptions of tasks are counted (--tolerate), and are not compared.")
        if self._facts.elsewhere and self._call_form.max_workers is None:
            notes.append(
                f"At most {self.most_workers} calls at once, since items are addresses of other machines "
                "(--max-workers changes that)."
            )
        return notes

    @contextmanager
    def running(self, directory: str) -> Iterator[Self]:
        """Write the items to a file that all measuring processes find."""
        if self._packed is not None:
            self._file = Path(directory) / "items.pickle"
            self._file.write_bytes(self._packed)
        try:
            yield self
        finally:
            self._file = None

    def reset(self) -> None:
        """Make the next execution start with fresh items, whatever the function did to them."""
        if self._facts.changing:
            self._items = None

    def context(self, workers: int) -> AbstractContextManager[Any]:
        """The user's context, if there is one."""
        manager = self._context(workers)
        if not hasattr(manager, "__enter__"):
            raise Inapplicable(f"the context {self._context_name()} is asynchronous: it works only under asyncio")
        context: AbstractContextManager[Any] = manager
        return context

    def coroutine_context(self, workers: int) -> AbstractAsyncContextManager[Any]:
        """The same for coroutines; an asynchronous context is entered in the event loop."""
        manager = self._context(workers)
        return manager if hasattr(manager, "__aenter__") else _entered_in_loop(manager)

    def same(self, expected: Any, actual: Any) -> bool | None:
        """Compare by the user's check, if there is one; tolerated exceptions are counted, not compared."""
        if self._call_form.tolerate and (isinstance(expected, BaseException) or isinstance(actual, BaseException)):
            return True
        if self._call_form.check is None:
            return super().same(expected, actual)
        return bool(resolve(self._call_form.check)(expected, actual))

    def tally(self, results: list[Any]) -> Tally:
        """Exceptions that were tolerated as results, by type."""
        if not self._call_form.tolerate:
            return Tally()
        failed = (index for index, result in enumerate(results) if isinstance(result, BaseException))
        return Tally.of((type_name(results[index]), short(self.items[index])) for index in failed)

    def settings(self) -> dict[str, Any]:
        """The names and switches of this workload."""
        call_form = self._call_form
        source = self._source
        return {
            "function": self.name,
            **({"items_sha256": self._digest} if self._digest else {}),
            **(
                {"items": source.text, "limit": source.limit, "sample": source.sample} if source and source.text else {}
            ),
            **{key: name_of(value) for key, value in call_form.named_objects.items()},
            **{key: getattr(call_form, key) for key in ("star", "tolerate") if getattr(call_form, key)},
        }

    def _awaitable(self, function: Callable[[Any], Any]) -> Callable[[Any], Awaitable[Any]]:
        """A coroutine function itself, or one made from a function that returns awaitables."""
        return function if is_coroutine_function(function) else WithAwaitedResult(function)

    def _adapted(self, function: Callable[..., Any]) -> Callable[[Any], Any]:
        if not self._call_form.arguments:
            return WithoutArguments(function)
        return WithUnpackedItem(function) if self._call_form.star else function

    def _context(self, workers: int) -> Any:
        if self._call_form.context is None:
            return nullcontext()
        make = resolve(self._call_form.context)
        manager = make(workers) if takes_workers(make) else make()
        if not hasattr(manager, "__enter__") and not hasattr(manager, "__aenter__"):
            raise BadFunction(
                f"the context {self._context_name()} returned {short(manager)}, which is not a context manager"
            )
        return manager

    def _context_name(self) -> str:
        return name_of(self._call_form.context)


def _copy_items(items: Sequence[Any]) -> Sequence[Any]:
    """A deep copy, or the items themselves if they cannot be copied."""
    try:
        return deepcopy(items)
    except Exception:  # noqa: BLE001 - whatever the reason
        return items


def _count_text(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@asynccontextmanager
async def _entered_in_loop(context: AbstractContextManager[Any]) -> AsyncIterator[Any]:
    with context as entered:
        yield entered


def _digest(packed: bytes) -> str:
    from hashlib import sha256

    return sha256(packed).hexdigest()[:16]
