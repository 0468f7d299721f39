"""Noise to play sessions with: three models of a machine, and recordings of a real one.

The models are fitted by hand to what a shared 2-core machine does: jitter with heavy tails (Student's t, 6 degrees of
freedom), spikes, and on the worse two a state that comes and goes (contended a third of the time, for some 26 s) in
which everything is slower and more uneven. `hostile` drifts besides, and steps.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TRACES = Path(__file__).with_name("traces")

Times = Callable[[str, int], float]
"""Seconds of an execution, by the label of a cell and the number of the execution."""


@dataclass(frozen=True)
class Machine:
    """The way in which a machine disturbs the work that runs on it."""

    jitter: float
    """Scale of the relative jitter of one execution."""
    spikes: float
    """Share of executions that are hit by a spike of 10 to 100 %."""
    contended: float = 0.0
    """Share of the time in which others compete for the cores."""
    slower: float = 1.42
    """Factor by which it is slower while contended."""
    uneven: float = 0.16
    """Deviation of the log of one execution while contended."""
    drift: float = 0.0
    """Relative change per minute."""
    step: float = 0.0
    """Size of the steps that come every 20 s on average."""


MACHINES = {
    "quiet": Machine(0.01, 0.03),
    "shared": Machine(0.03, 0.09, contended=0.34),
    "hostile": Machine(0.05, 0.15, contended=0.34, uneven=0.31, drift=0.3, step=0.2),
}
CONTENDED_SECONDS = 26.0
"""Mean seconds for which others compete."""
_STEP_SECONDS = 20.0


def modelled(machine: Machine, means: dict[str, float], seed: int) -> Times:
    """Times of a session on such a machine; a slow moment is slow for all cells."""
    draw = np.random.default_rng(seed)
    now, busy, until, level, next_step = 0.0, bool(draw.random() < machine.contended), 0.0, 1.0, 0.0
    until = draw.exponential(_dwell(machine, busy=busy))
    next_step = draw.exponential(_STEP_SECONDS)

    def seconds(label: str, number: int) -> float:
        nonlocal now, busy, until, level, next_step
        while machine.contended and now > until:
            busy = not busy
            until += draw.exponential(_dwell(machine, busy=busy))
        while machine.step and now > next_step:
            level = 1 + machine.step * draw.random()
            next_step += draw.exponential(_STEP_SECONDS)
        factor = level * (1 + machine.drift * now / 60) * np.exp(machine.jitter * draw.standard_t(6))
        if draw.random() < machine.spikes:
            factor *= 1 + draw.uniform(0.1, 1.0)
        if busy:
            factor *= machine.slower * np.exp(machine.uneven * draw.standard_normal())
        del number  # the machine does not know it
        time = float(means[label] * factor)
        now += time
        return time

    return seconds


def _dwell(machine: Machine, *, busy: bool) -> float:
    if machine.contended == 0:
        return np.inf
    return CONTENDED_SECONDS if busy else CONTENDED_SECONDS * (1 - machine.contended) / machine.contended


def traces() -> dict[str, np.ndarray]:
    """The available recordings: seconds of identical arms, shape (rounds, arms)."""
    return {path.stem: np.array(json.loads(path.read_text())["seconds"]) for path in sorted(TRACES.glob("*.json"))}


def replayed(trace: np.ndarray, means: dict[str, float], seed: int) -> Times:
    """Times of a session in a window of a recording, its arms dealt out at random in every round."""
    draw = np.random.default_rng(seed)
    relative = trace / np.median(trace)
    first = int(draw.integers(len(relative)))
    labels = list(means)

    def seconds(label: str, number: int) -> float:
        row = relative[(first + number) % len(relative)]
        order = np.random.default_rng((seed, number)).permutation(max(len(row), len(labels)))
        return float(means[label] * row[order[labels.index(label)] % len(row)])

    return seconds
