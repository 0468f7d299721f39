"""One task after another: what every other way is compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from concbench.runners.base import as_sequence
from concbench.task import named


@dataclass
class Sequential:
    """One task after another, in the calling thread."""

    workers: ClassVar[int] = 1

    def __enter__(self) -> Self:
        return self

    def run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Call the function on each item; the contract is that of `base.Runner.run`."""
        items = as_sequence(items)
        count = len(items)
        results: list[Any] = []
        try:
            results.extend(map(function, items))  # the quickest there is, and it takes StopIteration for the end
        except BaseException as error:  # noqa: BLE001 - it is raised again, whatever it is
            raise named(error, len(results), items)  # noqa: B904 - it is the same, or has it for its cause
        if len(results) != count:
            changed = "the items were changed while they were worked on"
            ended = RuntimeError("a task raised StopIteration" if len(items) == count else changed)
            raise named(ended, len(results), items)
        return results

    def __exit__(self, *exc: object) -> None:
        pass
