"""Records of executions of one cell, as sent by measuring processes, which import this module; so it stays light."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

SHORTEST = 1e-9
"""Least seconds of an execution: no clock used here shows less, and it avoids divisions by 0."""
MOST_FAILED = 20
"""Most failed items that a sample names; the first item of each kind of failure is always named."""
PICKLED = "its results were pickled"
COMPARED = "its results were compared"
SENT = "its items were pickled and unpickled"
"""Activities of a measuring process between executions that may run user code, which may hang or end the process."""
Finding = Literal["same", "thread", "process", "unsteady"]
"""The finding of sequential passes.

same: they give the reference; thread: they agree but differ from the reference, and the main thread of the same process
gives the reference; process: they agree but differ from the reference, also in the main thread; unsteady: they differ
from one another."""


@dataclass(frozen=True)
class Sample:
    """The timed executions of one cell in one round, as one would time them by hand around the whole `with` block."""

    start: float
    """Seconds to start the workers, as far as entering the runner does that."""
    work: float
    """Seconds of run()."""
    stop: float
    """Seconds to stop and reap the workers."""
    cpu: float | None = None
    """CPU seconds of the measuring process and its reaped children, without the workers of a fork server; None where
    the system does not report them."""
    round: int = 0
    """The round of this sample, from 0."""
    position: int = 0
    """The position in the random order of the round, from 0."""
    repeats: int = 1
    """The number of executions; the figures above are their sums. Short work is repeated within a sample."""
    failed: dict[str, int] = field(default_factory=dict)
    """Numbers of tolerated failures in all executions, by kind of failure."""
    retries: int = 0
    """Attempts of tasks beyond their first, in all executions."""
    failed_items: dict[str, list[str]] = field(default_factory=dict)
    """The first failed items, as texts, by kind of failure."""
    throttled: float | None = None
    """Seconds for which a quota throttled the control group during the sample, summed over cores; None without one."""
    initializer: float = 0.0
    """Seconds of all calls of the initializer in the measuring process itself; included in the figures above."""
    initializer_cpu: float = 0.0
    """CPU seconds of these calls."""

    def __post_init__(self) -> None:
        """Reject negative figures and impossible times.

        Raises:
            ValueError: the message names the field.
        """
        require_not_negative(
            self, "start", "work", "stop", "cpu", "round", "position", "retries", "throttled",
            "initializer", "initializer_cpu",
        )  # fmt: skip
        if any(count < 0 for count in self.failed.values()):
            raise ValueError("failed must hold counts of 0 or more")
        if self.repeats < 1:
            raise ValueError(f"repeats must be 1 or more, not {self.repeats}")
        if self.seconds < SHORTEST:
            raise ValueError(f"start, work and stop must add up to at least {SHORTEST:g} seconds, not {self.seconds:g}")

    @property
    def seconds(self) -> float:
        """The headline figure: the mean seconds of one execution, with start, work and stop."""
        return (self.start + self.work + self.stop) / self.repeats

    def __add__(self, other: Sample) -> Sample:
        """Combine the executions of both, in the round and at the position of the first."""
        return Sample(
            start=self.start + other.start,
            work=self.work + other.work,
            stop=self.stop + other.stop,
            cpu=None if self.cpu is None or other.cpu is None else self.cpu + other.cpu,
            round=self.round,
            position=self.position,
            repeats=self.repeats + other.repeats,
            failed=dict(Counter(self.failed) + Counter(other.failed)),
            retries=self.retries + other.retries,
            failed_items=_both(self.failed_items, other.failed_items),
            initializer=self.initializer + other.initializer,
            initializer_cpu=self.initializer_cpu + other.initializer_cpu,
        )


def _both(one: dict[str, list[str]], other: dict[str, list[str]]) -> dict[str, list[str]]:
    """The failed items of both, without duplicates, and no more than one sample may name."""
    both = {
        happened: list(dict.fromkeys([*one.get(happened, ()), *items])) for happened, items in {**one, **other}.items()
    }
    left = MOST_FAILED
    for happened, items in both.items():
        both[happened] = items[: max(1, left)]
        left -= len(both[happened])
    return both


@dataclass(frozen=True)
class ReferencePass:
    """The findings of the sequential pass that makes the reference results.

    If results are awaitables or unfinished work, nothing else is known.
    """

    awaitable: bool = False
    """Whether the function returns awaitables."""
    unfinished: str = ""
    """Description of the work that the function leaves undone; empty if there is none."""
    unsendable: str = ""
    """The reason why the results cannot be pickled; empty if they can."""
    incomparable: str = ""
    """The reason why none of the results can be compared; empty if some can."""
    excluded: str = ""
    """The number of results that cannot be compared while the others can, and the reason; empty if all can, or none."""
    changed: str = ""
    """Description of an item that the function has changed; empty if no change is known."""
    unchanged: bool = False
    """Whether the function certainly changed no item."""
    sample: Sample | None = None
    """The pass as a sample, if it was an execution of a sequential cell."""
    facts: dict[str, Any] = field(default_factory=dict)
    """Figures and short texts about the work, for the table."""


@dataclass(frozen=True)
class CheckPass:
    """Executions of a cell whose results were compared and found equal to the reference."""

    first: Sample | None
    """The first execution; None if nothing was executed, as in a simulation."""
    executions: int
    """The number of executions."""


def require_not_negative(record: object, *names: str) -> None:
    """Reject figures below 0 in fields that are a number, a list of numbers or None.

    Raises:
        ValueError: a figure is below 0; the message names the first.
    """
    for name in names:
        value = getattr(record, name)
        least = min(value, default=0) if isinstance(value, list) else value
        if least is not None and least < 0:
            raise ValueError(f"{name} must be 0 or more, not {least:g}")
