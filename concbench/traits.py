"""The traits that a runner declares, so that measurement and advice do not depend on its name.

A runner without `traits` is measured, but its speed is not explained. A law in `concbench.testing` checks that declared
traits are true.
"""

from __future__ import annotations

from dataclasses import dataclass

from concbench.errors import BadSetting

CALLER, THREADS, LOOP, INTERPRETERS, PROCESSES, ELSEWHERE = (
    "caller", "threads", "loop", "interpreters", "processes", "elsewhere",
)  # fmt: skip
"""Places where tasks run: in the thread that calls run(); in threads; as coroutines of one event loop; in interpreters
of this process; in other processes of this machine; on other machines, or where they cannot be observed."""
PLACES = (CALLER, THREADS, LOOP, INTERPRETERS, PROCESSES, ELSEWHERE)


@dataclass(frozen=True)
class Traits:
    """The traits of a configured runner; None, or a place that is not one of PLACES, means unknown.

    They may depend on settings: `traits` of a runner may be a property.
    """

    where: str | None = None
    """The place where tasks run: one of PLACES."""
    shares_interpreter: bool | None = None
    """Whether tasks in progress at once may share an interpreter, and so wait for its GIL if it has one. Also True for
    worker processes with several threads each."""
    pickles: bool | None = None
    """Whether the function, items and results are sent as pickles."""
    worker_per_task: bool | None = None
    """Whether a worker is started for every task."""
    barriers: bool | None = None
    """Whether tasks run in batches of `workers`, each of which ends before the next begins."""
    reaped: bool | None = None
    """Whether leaving the runner reaps its worker processes, so that the system counts their CPU time for this process.
    False for workers of a fork server or a cluster."""
    simplicity: int | None = None
    """Rank of simplicity in use and explanation, for ties: 0 is sequential, 10 a pool of threads, 60 processes started
    by hand. None: last."""
    sends: bool | None = None
    """If pickles are sent: whether the function is sent again with every task, or every chunk of `chunksize` tasks, so
    that its data is paid for each time. False where workers inherit it (fork)."""

    def __post_init__(self) -> None:
        """Reject values of other types, which a results file cannot store.

        Raises:
            BadSetting: a trait has another type; the message names the first.
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
        """Whether tasks interleave in one interpreter, so that several use shared objects at once."""
        return self.in_threads or self.in_loop

    @property
    def shares_state(self) -> bool:
        """Whether several tasks at once may use the state that a function keeps in its module."""
        return self.where in {THREADS, LOOP, PROCESSES} and self.shares_interpreter is True

    @property
    def isolates(self) -> bool:
        """Whether every task in progress has its own interpreter."""
        return self.where in {INTERPRETERS, PROCESSES} and self.shares_interpreter is False

    @property
    def starts_as_it_goes(self) -> bool:
        """Whether workers are started during the work, so that none are kept while the runner stays entered."""
        return bool(self.worker_per_task or self.barriers)


_TYPES: dict[str, tuple[set[type], str]] = {
    "where": ({str}, f"one of {', '.join(PLACES)}"),
    "simplicity": ({int}, "a whole number"),
}
"""Types and descriptions of the traits that are not True or False."""


def traits_of(runner: object) -> Traits:
    """The traits that a runner declares; empty ones if its `traits` are missing or cannot be read.

    A fault in a runner of another package must not end the measurement of other runners; the law reports it.
    """
    try:
        traits = getattr(runner, "traits", None)
    except Exception:  # noqa: BLE001 - code of another package may raise anything
        return Traits()
    return traits if isinstance(traits, Traits) else Traits()
