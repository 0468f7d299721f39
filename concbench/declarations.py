"""The declaration of an option, and the kinds of values that only options have.

It uses only a small part of the standard library, since `from concbench import measure` imports it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from concbench.errors import BadSetting
from concbench.task import short
from concbench.values import SWITCH, Declared, Kind, one_of, relocate_path


def relocate_object_path(text: str, directory: str) -> str:
    """The place of an object whose file is named relative to a directory; a module keeps its name."""
    module, _, name = text.rpartition(":")
    in_file = module.endswith(".py") or "/" in module
    return f"{relocate_path(module, directory)}:{name}" if in_file else text


def relocate_interpreters(text: str, directory: str) -> str:
    """The interpreters in a text, with relative paths taken from a directory; names on the PATH stay as they are."""
    parts = (part.strip() for part in text.split(","))
    return ",".join(relocate_path(part, directory) if _is_path(part, directory) else part for part in parts)


def _is_path(text: str, directory: str) -> bool:
    return "/" in text or os.sep in text or os.path.isdir(relocate_path(text, directory))  # noqa: PTH112


def _read_variable(text: str) -> dict[str, list[str]]:
    key, equals, values = text.partition("=")
    if not key or not equals:
        raise BadSetting(f"{text!r} is not a variable with values: write KEY=VALUE,VALUE")
    return {key: values.split(",")}


def _write_variables(values: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={','.join(map(str, texts))}" for key, texts in values.items())


PYTHONS = Kind(
    "a list of interpreters: paths, names such as 'python3.13t', or directories of virtual environments",
    lambda text: [part.strip() for part in text.split(",")], (list, tuple), "A,B",
    write=lambda values: ",".join(map(str, values)), separated=True, relocate=relocate_interpreters,
)  # fmt: skip
GILS = Kind(
    "a list of 0 and 1", lambda text: [one_of("0", "1").read(part.strip()) for part in text.split(",")], (list, tuple),
    "0,1", write=lambda values: ",".join(map(str, values)), separated=True,
)  # fmt: skip
VARIABLES = Kind(
    "a mapping of variables to lists of values, such as {'OMP_NUM_THREADS': ['1', '2']}", _read_variable, (Mapping,),
    "KEY=V,V", write=_write_variables,
)  # fmt: skip
"""Variables with values; on the command line each text has one variable, and the option may be repeated."""
RUNNER = Kind("a string such as 'thread-pool:2'", str, (str,), "SPEC")
PLACE = Kind(
    "a function, or where one is found, such as 'app:same'",
    str,
    (str, Callable),  # type: ignore[arg-type]
    "M:NAME",
    relocate=relocate_object_path,
)


@dataclass(frozen=True)
class Option(Declared):
    """The declaration of an option, besides its type."""

    default: Any = None
    """The value if it is left out; None: decided later."""
    otherwise: str = ""
    """For the line of help: the behaviour if it is left out and has no default."""
    least: float | None = None
    """The least value, if it is above that of its kind."""
    most: float | None = None
    """The largest value, if it is below that of its kind."""
    open: bool = False
    """Whether the bounds themselves are excluded."""
    because: str = ""
    """The reason for the least value."""
    of_function: bool = False
    """Whether it describes how a function of the user is called."""
    isolates: bool = False
    """Whether only measuring processes can enforce it."""
    opposite: str = ""
    """For a switch that is decided later if it is left out: the line of help of its opposite, `--no-NAME`."""
    flag: str = ""
    """Its name on the command line, if it differs."""
    race: str = ""
    """The reason why `advise` does not have it; names of options in curly brackets are written as the caller does."""
    apart: bool = False
    """Whether the results store it in a separate field."""

    def is_set(self, value: object) -> bool:
        """Whether a value differs from leaving the option out. A switch is not set if it equals its default."""
        return value is not None and not (self.kind is SWITCH and value == bool(self.default))

    def require(self, name: str, value: Any, written: str) -> None:
        """Reject an invalid value.

        Raises:
            BadSetting: the value is invalid; the message says what it must be.
        """
        kinds = self.kind.types
        if not isinstance(value, kinds) or (type(value) is bool and bool not in kinds):
            raise BadSetting(f"{name} must be {_IN_PYTHON.get(kinds, self.kind.description)}, not {short(value)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise BadSetting(f"{written} must be a finite number, not {value}")
        if not self._allows(value):
            reason = f": {self.because}" if self.because else ""
            raise BadSetting(f"{written} must be {self._bounds_text()}, not {self.kind.in_words(value)}{reason}")

    def bounds(self) -> tuple[float | None, float | None]:
        """The least and the largest value, its own or those of its kind; None where there is no bound."""
        low = self.kind.least if self.least is None else self.least
        return low, self.kind.most if self.most is None else self.most

    def _allows(self, value: Any) -> bool:
        low, high = self.bounds()
        if (low is not None and value < low) or (high is not None and value > high):
            return False
        return not self.open or value not in {low, high}

    def _bounds_text(self) -> str:
        low, high = ("" if end is None else self.kind.in_words(end) for end in self.bounds())
        if self.open:
            return " and ".join(f"{than} {bound}" for than, bound in (("more than", low), ("less than", high)) if bound)
        return f"{low} to {high}" if high else f"{low} or more"


_IN_PYTHON: dict[tuple[type, ...], str] = {
    (int,): "a whole number",
    (int, float): "a number",
    (bool,): "True or False",
}
"""Descriptions of Python values, where those of the kind describe texts."""
