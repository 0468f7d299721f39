"""Programs to paste, as source text: a call of the user's function, and the lines that a runner adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import indent

MAIN = "__main__"
"""The module of names defined in the user's main program, which cannot be imported."""


@dataclass(frozen=True)
class UserName:
    """A name from the user's code that a program needs.

    Expressions contain its stand-in. The final name is chosen when the whole program is known, since another name in
    the program may be the same.
    """

    module: str
    """The module to import it from, or `__main__`."""
    name: str
    directory: str = ""
    """The directory to put on the import path for that; empty: none."""

    @property
    def stand_in(self) -> str:
        """A unique identifier for the name."""
        return f"user_{f'{self.module}:{self.name}'.encode().hex()}"


@dataclass(frozen=True)
class Program:
    """The program that a runner writes for a call; it ends with a list named `results`."""

    body: tuple[str, ...]
    """The lines that compute the results."""
    imports: tuple[str | UserName, ...] = ()
    """Import lines and user names, in any order; unused ones are left out."""
    definitions: tuple[str, ...] = ()
    """Functions, each as one text of several lines."""
    guarded: bool = False
    """Whether the body must be under `if __name__ == "__main__"`, since workers import the program."""
    entered: bool = False
    """Whether the body enters the context of the call itself; if not, the body is put into the context."""


@dataclass(frozen=True)
class CallExpression:
    """A call of the user's function on items, as expressions."""

    imports: tuple[str | UserName, ...]
    """Imports of the names below."""
    function: str
    """The function, as an expression."""
    items: str
    """The items, as an expression."""
    before: tuple[str, ...] = ()
    """Lines that keep the expression of the items short."""
    star: str = ""
    """The prefix that unpacks an item into several arguments (`*`, and `**` for dicts), or nothing."""
    arguments: bool = True
    """Whether the function takes arguments; if not, items only count the calls."""
    awaits: bool = False
    """Whether the function is a coroutine function."""
    coroutine: str = ""
    """Its twin as a coroutine function, if there is one."""
    tolerate: bool = False
    """Whether exceptions are results like any other."""
    sends_results: bool = False
    """Whether results come from other processes, where some exceptions cannot be sent."""
    context: str = ""
    """An expression for the context manager that is entered around everything, if there is one."""
    initializer: str = ""
    """An expression for the function that is called once in each worker before its first task, if there is one."""
    definitions: tuple[str, ...] = ()
    """Definitions that the call needs, each as one text."""
    reserved_names: frozenset[str] = frozenset()
    """Names of the main program, which must keep their meaning if the program is added to it."""

    @property
    def on_item(self) -> str:
        """The call for one `item`, as an expression."""
        return f"{self.function}({f'{self.star}item' if self.arguments else ''})"

    def ordinary(self, *, once: bool = False, by_value: bool = False) -> CallExpression:
        """The call with an ordinary function: a coroutine function runs in an event loop that each worker keeps.

        Args:
            once: whether each worker has only one call, so that there is nothing to keep.
            by_value: whether functions are sent with everything they use, so that nothing can be kept beside them.
        """
        if self.initializer:
            call = replace(self, initializer="").ordinary(once=once, by_value=by_value)
            return call._with_initializer(self.initializer, "def", once=once, by_value=by_value)  # noqa: SLF001
        if not self.awaits:
            return self._with_function("def", self.on_item) if self.tolerate else self
        if once or by_value:
            return self._with_function("def", f"asyncio.run({self.on_item})", imports=["import asyncio"])
        return self._with_function(
            "def",
            f"own.loop.run({self.on_item})",
            ['if not hasattr(own, "loop"):', "    own.loop = Loop()"],
            ["import asyncio", "import threading"],
            [_LOOP, _OWN],
        )

    def awaited(self) -> CallExpression:
        """The call with a coroutine function: the twin if there is one."""
        if self.initializer:
            call = replace(self, initializer="").awaited()
            return call._with_initializer(self.initializer, "async def")  # noqa: SLF001
        call = replace(self, function=self.coroutine or self.function, coroutine="", awaits=True)
        return call._with_function("async def", f"await {call.on_item}") if self.tolerate else call  # noqa: SLF001

    def of_one_item(self, *, defined: bool = False) -> CallExpression:
        """The call with a function of one item.

        Args:
            defined: whether the program must define that function in any case.
        """
        if self.function == _ONE_ITEM or not (defined or self.star or not self.arguments):
            return self
        kind, expression = ("async def", f"await {self.on_item}") if self.awaits else ("def", self.on_item)
        return self._with_function(kind, expression)

    def awaiting_some(self) -> CallExpression:
        """The call with a coroutine function around a function that sometimes or always returns awaitables."""
        definition = (
            f"async def awaited(item):\n    result = {self.on_item}\n"
            "    return await result if inspect.isawaitable(result) else result"
        )
        return replace(self._calling("awaited", [definition], ["import inspect"]), awaits=True)

    def entering(self, *lines: str) -> list[str]:
        """The lines, within the context if there is one."""
        return [f"with {self.context}:", *(indent(line, "    ") for line in lines)] if self.context else [*lines]

    def _with_function(
        self,
        kind: str,
        expression: str,
        before: Sequence[str] = (),
        imports: Sequence[str] = (),
        definitions: Sequence[str] = (),
    ) -> CallExpression:
        """The call with a function of one item that is defined in the program."""
        lines = [*before, f"return {expression}"]
        if self.tolerate:
            error = "error.with_traceback(None)"
            if self.sends_results:
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
        return replace(self._calling(_ONE_ITEM, [*definitions, definition], imports), awaits=awaits, tolerate=False)

    def _with_initializer(
        self, initializer: str, kind: str, *, once: bool = False, by_value: bool = False
    ) -> CallExpression:
        """The call with a function of one item that first calls the initializer, once in each worker."""
        per_thread = ['    if not hasattr(own, "ready"):', f"        {initializer}()", "        own.ready = True"]
        first = [f"    {initializer}()"] if once else per_thread
        if by_value and not once:
            first.insert(0, "    own = threading.current_thread()")
        result = f"    return {'await ' if self.awaits else ''}{self.on_item}"
        definitions = [] if once or by_value or _OWN in self.definitions else [_OWN]
        return self._calling(
            "initialized",
            [*definitions, "\n".join([f"{kind} initialized(item):", *first, result])],
            [] if once else ["import threading"],
        )

    def _calling(self, name: str, definitions: Sequence[str], imports: Sequence[str]) -> CallExpression:
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
        """Make a program of these lines, with the imports and definitions of the call."""
        return Program(body, (*imports, *self.imports), (*self.definitions, *definitions), guarded, entered)

    def in_one_loop(self, *lines: str, imports: Sequence[str] = (), entered: bool = False) -> Program:
        """Make a program with one event loop; the lines are the body of a coroutine function of `items`."""
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
"""The name of the function of one item that a program defines around the user's function."""
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
