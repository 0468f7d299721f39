"""Programs to paste, as source text: what is called on what, and the lines that a runner writes around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import indent

MAIN = "__main__"
"""The module of what is defined in the user's main program: it cannot be imported."""


@dataclass(frozen=True)
class UserName:
    """A name of the user's that a program needs.

    Expressions have its stand-in. What it is called in the end is known when the whole program is: another name of the
    program may be the same.
    """

    module: str
    """Where it is imported from, or `__main__`."""
    name: str
    directory: str = ""
    """What must be put on the import path for that; empty: nothing."""

    @property
    def stand_in(self) -> str:
        """An identifier that nobody else uses."""
        return f"user_{f'{self.module}:{self.name}'.encode().hex()}"


@dataclass(frozen=True)
class Program:
    """What a runner writes for a call: it leaves the list of `results`."""

    body: tuple[str, ...]
    """The lines that do it."""
    imports: tuple[str | UserName, ...] = ()
    """Lines, and names of the user's, in any order; those that the program does not use are left out."""
    definitions: tuple[str, ...] = ()
    """Functions, each as one text of several lines."""
    guarded: bool = False
    """Whether the body must be under `if __name__ == "__main__"`, since workers import the program."""
    entered: bool = False
    """Whether it enters the context of the call itself; if not, the body is put into it."""


@dataclass(frozen=True)
class Call:
    """What is called on what."""

    imports: tuple[str | UserName, ...]
    """What makes the names below known."""
    function: str
    """An expression."""
    items: str
    """An expression."""
    before: tuple[str, ...] = ()
    """Lines that make the expression of the items short."""
    star: str = ""
    """What unpacks an item into several arguments (`*`, and `**` of dicts), or nothing."""
    arguments: bool = True
    """Whether the function takes any; if not, items only count the calls."""
    awaits: bool = False
    """Whether the function is a coroutine function."""
    coroutine: str = ""
    """Its twin, if it has one."""
    tolerate: bool = False
    """Whether exceptions are results like any other."""
    sent: bool = False
    """Whether results come from other processes, which not every exception survives."""
    context: str = ""
    """An expression for the context manager that is entered around everything, if there is one."""
    initializer: str = ""
    """An expression for what is called once in each worker before its first task, if there is something."""
    definitions: tuple[str, ...] = ()
    """What must be defined before it can be called, each as one text."""
    taken: frozenset[str] = frozenset()
    """Names of the main program: where the program is added to that, they must keep their meaning."""

    @property
    def on_item(self) -> str:
        """The call for one `item`, as an expression."""
        return f"{self.function}({f'{self.star}item' if self.arguments else ''})"

    def ordinary(self, *, once: bool = False, by_value: bool = False) -> Call:
        """The same with an ordinary function: a coroutine function runs in an event loop that each worker keeps.

        Args:
            once: each worker has one call, so that there is nothing to keep.
            by_value: functions are sent with all that they use, so that nothing can be kept beside them.
        """
        if self.initializer:
            call = replace(self, initializer="").ordinary(once=once, by_value=by_value)
            return call._initialized(self.initializer, "def", once=once, by_value=by_value)  # noqa: SLF001
        if not self.awaits:
            return self._defined("def", self.on_item) if self.tolerate else self
        if once or by_value:
            return self._defined("def", f"asyncio.run({self.on_item})", imports=["import asyncio"])
        return self._defined(
            "def",
            f"own.loop.run({self.on_item})",
            ['if not hasattr(own, "loop"):', "    own.loop = Loop()"],
            ["import asyncio", "import threading"],
            [_LOOP, _OWN],
        )

    def awaited(self) -> Call:
        """The same with a coroutine function: the twin if there is one."""
        if self.initializer:
            call = replace(self, initializer="").awaited()
            return call._initialized(self.initializer, "async def")  # noqa: SLF001
        call = replace(self, function=self.coroutine or self.function, coroutine="", awaits=True)
        return call._defined("async def", f"await {call.on_item}") if self.tolerate else call  # noqa: SLF001

    def of_one_item(self, *, defined: bool = False) -> Call:
        """The same with a function of one item.

        Args:
            defined: one that the program defines, whatever the user's takes.
        """
        if self.function == _ONE_ITEM or not (defined or self.star or not self.arguments):
            return self
        kind, expression = ("async def", f"await {self.on_item}") if self.awaits else ("def", self.on_item)
        return self._defined(kind, expression)

    def awaiting_some(self) -> Call:
        """The same of a function that returns awaitables, always or now and then: with a coroutine function."""
        definition = (
            f"async def awaited(item):\n    result = {self.on_item}\n"
            "    return await result if inspect.isawaitable(result) else result"
        )
        return replace(self._calls("awaited", [definition], ["import inspect"]), awaits=True)

    def entering(self, *lines: str) -> list[str]:
        """The lines, within the context if there is one."""
        return [f"with {self.context}:", *(indent(line, "    ") for line in lines)] if self.context else [*lines]

    def _defined(
        self,
        kind: str,
        expression: str,
        before: Sequence[str] = (),
        imports: Sequence[str] = (),
        definitions: Sequence[str] = (),
    ) -> Call:
        """The same with a function of one item that is defined in the program."""
        lines = [*before, f"return {expression}"]
        if self.tolerate:
            error = "error.with_traceback(None)"
            if self.sent:
                error = f"sendable({error})"
                definitions, imports = [*definitions, _SENDABLE], [*imports, "import pickle"]
            lines = [
                "try:",
                *(f"    {line}" for line in lines),
                "except Exception as error:",
                f"    return {error}",
            ]
        definition = "\n".join([f"{kind} {_ONE_ITEM}(item):", *(f"    {line}" for line in lines)])
        awaits = kind.startswith("async")
        return replace(self._calls(_ONE_ITEM, [*definitions, definition], imports), awaits=awaits, tolerate=False)

    def _initialized(self, initializer: str, kind: str, *, once: bool = False, by_value: bool = False) -> Call:
        """The same with a function of one item that calls an initializer first, if its worker has not done so."""
        kept = ['    if not hasattr(own, "ready"):', f"        {initializer}()", "        own.ready = True"]
        first = [f"    {initializer}()"] if once else kept
        if by_value and not once:
            first.insert(0, "    own = threading.current_thread()")
        result = f"    return {'await ' if self.awaits else ''}{self.on_item}"
        definitions = [] if once or by_value or _OWN in self.definitions else [_OWN]
        return self._calls(
            "initialized",
            [*definitions, "\n".join([f"{kind} initialized(item):", *first, result])],
            [] if once else ["import threading"],
        )

    def _calls(self, name: str, definitions: Sequence[str], imports: Sequence[str]) -> Call:
        return replace(
            self,
            function=name,
            star="",
            arguments=True,
            definitions=(*self.definitions, *definitions),
            imports=(*self.imports, *imports),
        )

    def program(
        self,
        *body: str,
        imports: Sequence[str] = (),
        definitions: Sequence[str] = (),
        guarded: bool = False,
        entered: bool = False,
    ) -> Program:
        """A program of these lines, with what the call itself needs."""
        return Program(body, (*imports, *self.imports), (*self.definitions, *definitions), guarded, entered)

    def in_one_loop(self, *lines: str, imports: Sequence[str] = (), entered: bool = False) -> Program:
        """A program of one event loop: the lines, in a coroutine function, return the results of its `items`."""
        definition = "\n".join(["async def work(items):", *(indent(line, "    ") for line in lines)])
        call = f"work({self.items})"
        notebook = f"  # in a notebook: results = await {call}" if _in_event_loop() else ""
        return self.program(
            f"results = asyncio.run({call}){notebook}",
            imports=["import asyncio", *imports],
            definitions=[definition],
            entered=entered,
        )


_ONE_ITEM = "call"
"""The function of one item that a program defines around the user's."""
_SENDABLE = """\
def sendable(error):
    \"\"\"The exception, or another with its text where it would not survive being sent to another process.\"\"\"
    try:
        return pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(repr(error))"""
_OWN = "own = threading.local()"
_LOOP = """\
class Loop(asyncio.Runner):
    \"\"\"The event loop of a worker, which is closed when the worker ends.\"\"\"

    def __del__(self):
        self.close()"""


def _in_event_loop() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
