"""One task after another: what every other way is compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from concbench.runners.base import as_sequence
from concbench.task import gather


@dataclass
class Sequential:
    """One task after another, in the calling thread."""

    workers: ClassVar[int] = 1

    def __enter__(self) -> Self:
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        items = as_sequence(items)
        return gather(map(function, items), items)

    def __exit__(self, *exc: object) -> None:
        pass
