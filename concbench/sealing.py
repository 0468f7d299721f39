"""Sending results and items through foreign pools, which may never answer if one of them cannot be read.

Each result is pickled separately, so that one that cannot be sent is identified. Where an executor always answers, a
chunk is pickled as a whole (`task.Parcel`, `task.run_packed`), which takes a third of the time for results that are not
plain.

It uses as little of the standard library as possible, since workers import it.
"""

from __future__ import annotations

from concbench.task import PLAIN, Catcher, TaskException, attempt, exception_text, unsendable_result, with_task_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

_SENDABLE = PLAIN | {TaskException}


class SealedResult:
    """The result of a task on its way back from a worker; if it cannot be sent, that counts as a failure of the task.

    Some pools never answer when a result cannot be read. Within one process, this is only a wrapper.
    """

    def __init__(self, result: Any) -> None:
        self.result = result

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as bytes, which any pool can read; as a TaskException if the result cannot be pickled."""
        import pickle

        packed, unsendable = attempt(pickle.dumps, self.result)
        if unsendable is not None:
            return TaskException(unsendable_result(exception_text(unsendable))).__reduce__()
        return _unpickle_result, (packed,)


def _unpickle_result(packed: bytes) -> SealedResult | TaskException:
    import pickle

    result, unreadable = attempt(pickle.loads, packed)
    return SealedResult(result) if unreadable is None else TaskException(unsendable_result(exception_text(unreadable)))


class Sealer(Catcher):
    """A Catcher that returns each result as a SealedResult, except those that can certainly be sent; see `unseal`."""

    def __call__(self, item: Any) -> Any:
        """Call the function, and seal its result if needed."""
        answer = super().__call__(item)
        return answer if type(answer) in _SENDABLE else SealedResult(answer)


def call_sealed(function: Callable[[Any], Any], item: Any) -> Any:
    """Call a function on an item as a Sealer does, for engines that pickle a function and its arguments.

    A pickle of two functions by name is read in a fraction of the time of a Sealer.
    """
    return Sealer(function)(item)


def unseal(answers: Iterable[Any]) -> Iterator[Any]:
    """Unwrap the answers of `Sealer` functions to those of `Catcher` functions."""
    return (answer.result if type(answer) is SealedResult else answer for answer in answers)


def run_sealed(chunk: tuple[Callable[[Any], Any], Sequence[Any]]) -> list[Any]:
    """Run all tasks of a chunk, given as a function and its items, in a worker of multiprocessing.Pool."""
    function, items = chunk
    return list(map(Sealer(function), items))


def unsendable_item(items: Sequence[Any]) -> BaseException | None:
    """The exception for the first item that cannot be pickled, with a note on its task; None if all can."""
    import pickle

    for index, item in enumerate(items):
        unsendable = attempt(pickle.dumps, item)[1]
        if unsendable is not None:
            return with_task_note(unsendable, index, items)
    return None
