"""Results and items on their way through pools that are not ours, and may never answer where one cannot be read.

Each result is packed by itself, so that the one that cannot be sent is known. Where an executor answers in any case, a
chunk is packed as a whole (`task.Parcel`, `task.run_packed`): for results that are not plain, that takes a third of it.

Standard library only, and as little of it as possible: workers import this.
"""

from __future__ import annotations

from concbench.task import PLAIN, Caught, Raised, exception_text, named, tried, unsendable_result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

_SENDABLE = PLAIN | {Raised}


class Sealed:
    """What a task returned, on its way home from wherever it ran: a failure of that trip is told as one of the task.

    Some pools never answer when a result cannot be read. In this process it is only what is around the result.
    """

    def __init__(self, result: Any) -> None:
        self.result = result

    def __reduce__(self) -> tuple[Any, ...]:
        """Bytes, which any pool can read; of what makes none, a Raised."""
        import pickle

        packed, unsendable = tried(pickle.dumps, self.result)
        if unsendable is not None:
            return Raised(unsendable_result(exception_text(unsendable))).__reduce__()
        return _unsealed, (packed,)


def _unsealed(packed: bytes) -> Sealed | Raised:
    import pickle

    result, unreadable = tried(pickle.loads, packed)
    return Sealed(result) if unreadable is None else Raised(unsendable_result(exception_text(unreadable)))


class Sealing(Caught):
    """A Caught function whose results are Sealed, but for those that surely can be sent; `opened` undoes that."""

    def __call__(self, item: Any) -> Any:
        """Call it."""
        answer = super().__call__(item)
        return answer if type(answer) in _SENDABLE else Sealed(answer)


def opened(answers: Iterable[Any]) -> Iterator[Any]:
    """What Sealing functions returned, as Caught ones would have."""
    return (answer.result if type(answer) is Sealed else answer for answer in answers)


def run_sealed(chunk: tuple[Callable[[Any], Any], Sequence[Any]]) -> list[Any]:
    """Run neighbouring tasks, all of them, as a worker of multiprocessing.Pool is told to: a function and its items."""
    function, items = chunk
    return list(map(Sealing(function), items))


def unsendable_item(items: Sequence[Any]) -> BaseException | None:
    """What to raise for the first item that cannot be pickled, with its task; None if all can."""
    import pickle

    for index, item in enumerate(items):
        unsendable = tried(pickle.dumps, item)[1]
        if unsendable is not None:
            return named(unsendable, index, items)
    return None
