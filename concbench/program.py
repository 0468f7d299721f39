"""Programs to paste, as source text: what is called on what, and the lines that a runner writes around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Program:
    """What a runner writes for a call: it leaves the list of `results`."""

    body: tuple[str, ...]
    """The lines that do it."""
    imports: tuple[str, ...] = ()
    """Lines, in any order."""
    definitions: tuple[str, ...] = ()
    """Functions, each as one text of several lines."""
    guarded: bool = False
    """Whether the body must be under `if __name__ == "__main__"`, since workers import the program."""


@dataclass(frozen=True)
class Call:
    """What is called on what."""

    imports: tuple[str, ...]
    """Lines that make the names below known."""
    function: str
    items: str
    """An expression."""
    before: tuple[str, ...] = ()
    """Lines that make the expression short."""
    star: bool = False
    """Whether each item is unpacked into several arguments."""
    keywords: bool = False
    """Whether these are keyword arguments, since items are dicts."""
    arguments: bool = True
    """Whether the function takes any; if not, items only counts the calls."""
    awaits: bool = False
    """Whether the function is a coroutine function."""
    coroutine: str = ""
    """Its twin, if it has one."""
    definitions: tuple[str, ...] = ()
    """Functions that make an ordinary function of one item of it, each as one text."""

    @property
    def on_item(self) -> str:
        """The call for one `item`, as an expression."""
        return f"{self.function}({self._unpacked if self.star else 'item' if self.arguments else ''})"

    @property
    def _unpacked(self) -> str:
        return "**item" if self.keywords else "*item"

    def ordinary(self) -> Call:
        """The same with an ordinary function: a coroutine function gets an event loop for each call."""
        if not self.awaits:
            return self
        imports = (*self.imports, "import asyncio")
        return replace(self._defined(f"asyncio.run({self.on_item})"), imports=imports, awaits=False)

    def of_one_item(self) -> Call:
        """The same with a function of one item."""
        return self._defined(self.on_item) if self.star or not self.arguments else self

    def _defined(self, expression: str) -> Call:
        definition = f"def call(item):\n    return {expression}"
        return replace(self, function="call", star=False, arguments=True, definitions=(definition,))

    def mapped(self, pool: str, more: str = "") -> str:
        """The results as an iterable, by a `pool` that has the methods of concurrent.futures.Executor.

        Args:
            pool: its name.
            more: further arguments of map(), such as `, chunksize=4`.
        """
        if self.star and self.keywords:
            return f"future.result() for future in [{pool}.submit({self.function}, **item) for item in {self.items}]"
        if self.star:
            return f"{pool}.map({self.function}, *zip(*{self.items}){more})"
        if self.arguments:
            return f"{pool}.map({self.function}, {self.items}{more})"
        return f"future.result() for future in [{pool}.submit({self.function}) for _ in {self.items}]"

    def program(
        self, *body: str, imports: Sequence[str] = (), definitions: Sequence[str] = (), guarded: bool = False
    ) -> Program:
        """A program of these lines, with what the call itself needs."""
        return Program(body, (*imports, *self.imports), (*self.definitions, *definitions), guarded)
