"""The conversion of any exception to the outcome of a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from concbench.errors import Inapplicable, Lacking, ResultsDiffer, RoundingDiffers
from concbench.task import MAX_TEXT, attempt, exception_text, one_line, traceback_text

if TYPE_CHECKING:  # a measuring process has no other use for the records of a run
    from concbench.results.records import Cause, OutcomeKind


def describe(error: BaseException) -> dict[str, str]:
    """Return an outcome with a reason in one line and the traceback; never raises."""
    note = _task_note(error)
    kind: OutcomeKind = "failed"
    cause: Cause = ""
    if not note and issubclass(type(error), Inapplicable):  # if a task raised it, it is an ordinary failure
        kind = "inapplicable"
        cause = "lacking" if issubclass(type(error), Lacking) else ""
    if not note and issubclass(type(error), ResultsDiffer):
        cause = "rounding" if issubclass(type(error), RoundingDiffers) else "results"
    reason = exception_text(error, MAX_TEXT)
    return {
        "kind": kind,
        "cause": cause,
        "reason": f"{reason}; {one_line(note, 120)}" if note else reason,
        "detail": traceback_text(error),
    }


def _task_note(error: BaseException) -> str:
    """The last note that names the task that raised the exception; empty if there is none."""
    notes, _ = attempt(lambda: [note for note in error.__notes__ if type(note) is str and note.startswith("raised by")])
    return notes[-1] if notes else ""
