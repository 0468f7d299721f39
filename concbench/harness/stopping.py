"""When to stop: asked once before each round which cells take part in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from concbench.results.records import Sample


class StopRule(Protocol):
    """Decides from what has been seen so far."""

    def cells_of_next_round(self, samples: Mapping[str, Sequence[Sample]]) -> Collection[str]:
        """The labels that are sampled in the next round; none of them: the measurement is over.

        Args:
            samples: those of every cell that is still well, by label, in the order of the rounds.
        """
        ...


@dataclass(frozen=True)
class FixedRounds:
    """Every cell, so many rounds."""

    rounds: int

    def cells_of_next_round(self, samples: Mapping[str, Sequence[Sample]]) -> Collection[str]:
        """All that have not had their rounds yet."""
        return [label for label, taken in samples.items() if len(taken) < self.rounds]
