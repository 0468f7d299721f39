"""What executions of one cell gave, as the process that made them tells it. Light: measuring processes import this."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

SHORTEST = 1e-9
"""Seconds that an execution takes at least: no clock of ours shows less, and nothing can be divided by 0."""
MOST_FAILED = 20
"""Tasks of a sample that failed and are named; of each thing that happened the first is named in any case."""
PICKLED = "its results were pickled"
COMPARED = "its results were compared"
SENT = "its items were pickled and unpickled"
"""What a measuring process does between executions with what users have made: it may hang, or end the process."""
Finding = Literal["same", "thread", "process", "unsteady"]
"""What sequential passes gave: the reference again; the same twice, and not the reference, though the main thread of
the same process gives it, or not even that; or not the same twice."""


@dataclass(frozen=True)
class Sample:
    """One timed execution of a cell: what a person would have timed around the whole `with` block."""

    start: float
    """Seconds to start the workers, as far as entering the runner does."""
    work: float
    """Seconds of run()."""
    stop: float
    """Seconds to stop and reap the workers."""
    cpu: float | None = None
    """CPU seconds of the measuring process and its reaped children; workers of a fork server are not among them."""
    round: int = 0
    """Which round this was taken in, from 0."""
    position: int = 0
    """Where in the random order of the round, from 0."""
    repeats: int = 1
    """Executions that the figures above are sums of: short work is repeated within a sample."""
    failed: dict[str, int] = field(default_factory=dict)
    """Tasks that failed where that is tolerated: for each thing that happened, how many, in all these executions."""
    retries: int = 0
    """Tries of tasks beyond their first, in all these executions."""
    failed_items: dict[str, list[str]] = field(default_factory=dict)
    """For each thing that happened, the first items to which it did, as texts."""
    throttled: float | None = None
    """Seconds for which a quota kept the control group from running meanwhile, summed over cores; None without one."""
    initializer: float = 0.0
    """Seconds of all calls of the initializer in the measuring process itself; they are among those above."""
    initializer_cpu: float = 0.0
    """CPU seconds of these."""

    def __post_init__(self) -> None:
        """Refuse what no clock and no counter can say.

        Raises:
            ValueError: names the field.
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
            raise ValueError(f"start, work and stop must come to {SHORTEST:g} seconds or more, not {self.seconds:g}")

    @property
    def seconds(self) -> float:
        """The headline: start, work and stop of one execution together."""
        return (self.start + self.work + self.stop) / self.repeats

    def __add__(self, other: Sample) -> Sample:
        """Both together, in the round and at the position of the first."""
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
    """The items of both, each once for what happened to it, and no more of them than one execution may name."""
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
    """What a sequential pass showed of the function; its results are what every cell is compared with.

    If results must be awaited, or are work that is not done, nothing else is known.
    """

    awaitable: bool = False
    """Whether the function returns what must be awaited."""
    unfinished: str = ""
    """What work it leaves undone; empty if it does it all."""
    unsendable: str = ""
    """Why the results cannot be pickled; empty if they can."""
    incomparable: str = ""
    """Why none of the results can be compared; empty if some can."""
    excluded: str = ""
    """How many of the results cannot be compared while the others can, and why; empty if all can, or none."""
    changed: str = ""
    """Which item the function has changed, and how; empty if it is not known to have changed one."""
    unchanged: bool = False
    """Whether it surely changed none."""
    sample: Sample | None = None
    """The pass itself, where it was an execution of a sequential cell."""
    facts: dict[str, Any] = field(default_factory=dict)
    """Figures, and a few words, about the work, for the table."""


@dataclass(frozen=True)
class CheckPass:
    """Executions of a cell whose results were compared, and were what they must be."""

    first: Sample | None
    """The first execution; None where nothing was executed, as in a simulation."""
    executions: int
    """How many were made."""


def require_not_negative(record: object, *names: str) -> None:
    """Refuse figures below 0, in fields that are a number, a list of numbers or None.

    Raises:
        ValueError: names the first.
    """
    for name in names:
        value = getattr(record, name)
        least = min(value, default=0) if isinstance(value, list) else value
        if least is not None and least < 0:
            raise ValueError(f"{name} must be 0 or more, not {least:g}")
