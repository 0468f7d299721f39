"""Requirements of runners: their text form, and their decision from a confidence interval.

thread-pool:2 >= 1.5x                            at least 1.5 times as fast as the baseline
asyncio:8 <= 1.1x                                at most 1.1 times as fast as the baseline
thread-pool:2 same as process-pool:2 within 5%   neither faster nor slower than another runner by more
memory thread-pool:8 <= 500MB                    peak memory of all processes together in the observed pass
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf, isfinite
from typing import Any, Literal

from concbench.errors import BadSetting
from concbench.stats.intervals import Interval
from concbench.task import short
from concbench.units import percent
from concbench.values import SHARE, SIZE, Kind

Decision = Literal["passed", "failed", "undecided"]
PASSED: Decision = "passed"
FAILED: Decision = "failed"
UNDECIDED: Decision = "undecided"

_MEMORY = re.compile(r"memory\s+(\S+?)\s*<=\s*(\S.*)")
_SAME = re.compile(r"(\S+)\s+same\s+as\s+(\S+)(?:\s+within\s+(\S.*))?")
_RATIO = re.compile(r"(\S+?)\s*(>=|<=)\s*(\S.*)")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*x?")
MAX_ROUNDS = 100
"""Default of the most rounds: a requirement is decided, or the budget is over, long before that."""
_WITHIN = 0.05
"""Default share within which two runners count as the same."""
FORMS = (
    "'thread-pool:2 >= 1.5x', 'threads <= 1.1x', 'thread-pool:2 same as threads within 5%', 'memory threads <= 500MB'"
)


@dataclass(frozen=True)
class Requirement:
    """A requirement of one runner; `str()` gives its text form."""

    runner: str
    """The runner as on the command line."""
    kind: Literal["at_least", "at_most", "same_as", "memory"]
    bound: float
    """The speed-up over the baseline; for same_as, the share by which it may differ; for memory, bytes."""
    other: str = ""
    """For same_as, the other runner."""

    def __post_init__(self) -> None:
        """Reject a bound of 0 or less.

        Raises:
            BadSetting: the bound is not more than 0.
        """
        if self.bound <= 0:
            raise BadSetting(f"cannot require '{self}': the bound must be more than 0")

    @classmethod
    def read(cls, text: str) -> Requirement:
        """Parse the text form of a requirement.

        Raises:
            BadSetting: the text has another form; the message shows the valid ones.
        """
        text = " ".join(text.split())
        if match := _MEMORY.fullmatch(text):
            return cls(match[1], "memory", _read_value(text, SIZE, match[2]))
        if match := _SAME.fullmatch(text):
            within = _WITHIN if match[3] is None else _read_value(text, SHARE, match[3])
            return cls(match[1], "same_as", within, match[2])
        if (match := _RATIO.fullmatch(text)) and (number := _NUMBER.fullmatch(match[3])):
            return cls(match[1], "at_least" if match[2] == ">=" else "at_most", float(number[1]))
        raise BadSetting(f"cannot read the requirement {text!r}; write it like {FORMS}")

    @classmethod
    def of(
        cls,
        runner: str,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        same_as: str | None = None,
        within: float | str | None = None,
        memory: float | str | None = None,
    ) -> list[Requirement]:
        """Make requirements from arguments, one for each of at_least, at_most, same_as and memory.

        Raises:
            BadSetting: none of them is given, or one is invalid.
        """
        _require_text("the runner", runner)
        requirements = []
        if at_least is not None:
            requirements.append(cls(runner, "at_least", _ratio("at_least", at_least)))
        if at_most is not None:
            requirements.append(cls(runner, "at_most", _ratio("at_most", at_most)))
        if same_as is not None:
            _require_text("same_as", same_as)
            share = _WITHIN if within is None else _value("within", SHARE, within)
            requirements.append(cls(runner, "same_as", share, same_as))
        elif within is not None:
            raise BadSetting("within needs same_as, the runner to compare with")
        if memory is not None:
            requirements.append(cls(runner, "memory", _value("memory", SIZE, memory)))
        if not requirements:
            raise BadSetting(f"nothing is required of {runner}: give at_least, at_most, same_as or memory")
        return requirements

    def __str__(self) -> str:
        if self.kind == "memory":
            return f"memory {self.runner} <= {SIZE.write(self.bound)}"
        if self.kind == "same_as":
            return f"{self.runner} same as {self.other} within {100 * self.bound:g}%"
        return f"{self.runner} {'>=' if self.kind == 'at_least' else '<='} {self.bound:g}x"

    @property
    def of_ratio(self) -> bool:
        """Whether it concerns the speed of the runner."""
        return self.kind != "memory"

    @property
    def in_words(self) -> str:
        """The requirement in words, as part of a sentence."""
        if self.kind == "same_as":
            return f"the same within {percent(self.bound)}"
        word = "at least" if self.kind == "at_least" else "at most"
        return f"{word} {self.bound:g}x"

    def decide(self, interval: Interval | None) -> Decision:
        """Decide the requirement from a confidence interval of the ratio; None: the ratio is unknown."""
        if interval is None:
            return UNDECIDED
        low, high = self.allowed
        if low <= interval.low and interval.high <= high:
            return PASSED
        return FAILED if interval.high < low or high < interval.low else UNDECIDED

    @property
    def allowed(self) -> tuple[float, float]:
        """The least and the largest ratio that satisfy it."""
        if self.kind == "same_as":
            return 1 / (1 + self.bound), 1 + self.bound
        return (self.bound, inf) if self.kind == "at_least" else (0.0, self.bound)


def require_consistent(requirements: Sequence[Requirement]) -> None:
    """Reject requirements that contradict each other.

    Raises:
        BadSetting: two requirements cannot both be met; the message names them.
    """
    ratios = [requirement for requirement in requirements if requirement.of_ratio]
    for first, second in combinations(ratios, 2):
        (low, high), (least, most) = first.allowed, second.allowed
        if (first.runner, first.other) == (second.runner, second.other) and max(low, least) > min(high, most):
            raise BadSetting(f"'{first}' and '{second}' contradict each other; leave out one of them")


def _read_value(text: str, kind: Kind, value: str) -> Any:
    try:
        return kind.read(value)
    except BadSetting as error:
        raise BadSetting(f"cannot read the requirement {text!r}: {error}") from None


def _ratio(name: str, bound: Any) -> float:
    if isinstance(bound, bool) or not isinstance(bound, (int, float)) or not isfinite(bound):
        raise BadSetting(f"{name} must be a number such as 1.5, not {short(bound)}")
    return float(bound)


def _value(name: str, kind: Kind, value: Any) -> Any:
    if isinstance(value, str):
        try:
            return kind.read(value)
        except BadSetting as error:
            raise BadSetting(f"{name}: {error}") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise BadSetting(f"{name} must be {kind.description}, not {short(value)}")
    return int(value) if kind is SIZE else float(value)


def _require_text(name: str, value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise BadSetting(f"{name} must be a string such as 'thread-pool:2', not {short(value)}")
