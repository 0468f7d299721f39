"""What a runner declares of itself, so that whatever measures and judges it need not know its name.

To be judged, a runner says in its `traits` what it is; one that says nothing is measured, and nothing is said of why
it is as fast as it is. `concbench.testing` has a law that finds out whether what it says is true.
"""

from __future__ import annotations

from dataclasses import dataclass

from concbench.errors import BadSetting

CALLER, THREADS, LOOP, INTERPRETERS, PROCESSES, ELSEWHERE = (
    "caller", "threads", "loop", "interpreters", "processes", "elsewhere",
)  # fmt: skip
"""Where tasks run: in the thread that calls run(); in threads; as coroutines of one event loop; in interpreters of this
process; in other processes of this machine; on other machines, or where nobody can look."""
PLACES = (CALLER, THREADS, LOOP, INTERPRETERS, PROCESSES, ELSEWHERE)


@dataclass(frozen=True)
class Traits:
    """What a configured runner is; None, or a place that is none of PLACES: not said, and so nothing follows from it.

    They may depend on settings: `traits` of a runner may be a property.
    """

    where: str | None = None
    """Where tasks run: one of PLACES."""
    shares_interpreter: bool | None = None
    """Whether tasks that are in progress at once may be in one interpreter, and so wait for its GIL if it has one. True
    also of worker processes that have several threads each."""
    pickles: bool | None = None
    """Whether function, items and results travel as pickles."""
    worker_per_task: bool | None = None
    """Whether a worker is started for every task."""
    barriers: bool | None = None
    """Whether tasks go in batches of `workers`, each of which ends before the next begins."""
    reaped: bool | None = None
    """Whether leaving the runner reaps its worker processes, so that the system counts their CPU time as ours. Those
    of a fork server or a cluster are not."""
    simplicity: int | None = None
    """How simple it is to use and to explain, for ties: 0 is one call after another, 10 a pool of threads, 60 processes
    by hand. None: last."""
    sends: bool | None = None
    """Of what travels as pickles: whether the function is sent again with every task, or every chunk of `chunksize`
    tasks, so that what it holds is paid for each time. Not where workers inherit it (fork)."""

    def __post_init__(self) -> None:
        """Refuse values of other types, which a results file could not keep.

        Raises:
            BadSetting: names the first.
        """
        for name, value in vars(self).items():
            kinds, what = _TYPES.get(name, ({bool}, "True, False"))
            if value is not None and type(value) not in kinds:
                raise BadSetting(f"the trait {name} must be {what} or None, not {value!r}")

    @property
    def in_threads(self) -> bool:
        """Whether tasks run in threads of one interpreter."""
        return self.where == THREADS and self.shares_interpreter is True

    @property
    def in_loop(self) -> bool:
        """Whether tasks are coroutines of one event loop."""
        return self.where == LOOP

    @property
    def interleaves(self) -> bool:
        """Whether tasks interleave in one interpreter: what they share there is used by several at once."""
        return self.in_threads or self.in_loop

    @property
    def shares_state(self) -> bool:
        """Whether what a function keeps in its module may be used by several tasks at once."""
        return self.where in {THREADS, LOOP, PROCESSES} and self.shares_interpreter is True

    @property
    def isolates(self) -> bool:
        """Whether every task that is in progress is in an interpreter of its own."""
        return self.where in {INTERPRETERS, PROCESSES} and self.shares_interpreter is False

    @property
    def starts_as_it_goes(self) -> bool:
        """Whether workers are started in the course of the work, so that keeping the runner entered keeps none."""
        return bool(self.worker_per_task or self.barriers)


_TYPES: dict[str, tuple[set[type], str]] = {
    "where": ({str}, f"one of {', '.join(PLACES)}"),
    "simplicity": ({int}, "a whole number"),
}
"""Of the traits that are not True or False."""


def traits_of(runner: object) -> Traits:
    """What a runner says of itself; nothing, where it has no `traits` that can be read.

    A mistake in a runner of somebody else must not end the measurement of others; the law names it to its author.
    """
    try:
        traits = getattr(runner, "traits", None)
    except Exception:  # noqa: BLE001 - code of another package may raise what it likes
        return Traits()
    return traits if isinstance(traits, Traits) else Traits()
