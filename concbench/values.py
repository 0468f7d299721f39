"""Kinds of values, with their text forms on a command line, in a configuration or in a specification.

    COUNT                               30
    DURATION                            20ms, 1.5s, 2min; a bare number is seconds
    SIZE                                60kB, 1MB, 64KiB; a bare number is bytes
    many(COUNT)                         2,4,8 or 2+4+8
    one_of("trial", "sieve")            one of these words

The declaration of an option or a setting names its kind, and only the kind reads its text. This module uses only a
small part of the standard library, since `from concbench import measure` imports it.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from concbench.errors import BadSetting, not_one_of

_NUMBER = r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*"
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "": 1.0, "min": 60.0}
_BYTES = {
    "": 1, "b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000, "kib": 2**10, "mib": 2**20, "gib": 2**30,
}  # fmt: skip
_MOST_DIGITS = 18
"""Most digits in the text of a whole number."""
_LAST_PORT = 65_535


@dataclass(frozen=True)
class Kind:
    """A kind of value."""

    description: str
    """Its description for messages, such as "a whole number of 1 or more"."""
    read: Callable[[str], Any]
    """Converts a text to a value.

    Raises:
        BadSetting: the text is not of this kind; the message describes the kind.
    """
    types: tuple[type, ...]
    """The Python types of its values."""
    metavar: str = "TEXT"
    """Its name in a usage line."""
    choices: tuple[str, ...] = ()
    """All values, if there are only a few."""
    write: Callable[[Any], str] = str
    """Converts a value to a text that `read` reads."""
    in_words: Callable[[Any], str] = "{:,}".format
    """Formats a value for a sentence."""
    least: float | None = None
    """The least value; None if there is no bound."""
    most: float | None = None
    """The largest value; None if there is no bound."""
    separated: bool = False
    """Whether its text holds several values separated by commas."""
    relocate: Callable[[str, str], str] | None = None
    """For a kind that names files: converts a text relative to a directory to one relative to the current directory."""


@dataclass(frozen=True)
class Declared:
    """The declaration of an option or of a setting of a workload, besides its type:

    `latency: Annotated[float, Declared(DURATION, "of the image server")] = 0.020`
    """

    kind: Kind
    help: str
    """Its description for a line of help; the default from a signature is added."""
    excludes: tuple[str, ...] = ()
    """Names of options that cannot be given with it; they need not exclude it themselves."""
    needs: str = ""
    """Name of an option that it needs."""


def excluded_names(name: str, declarations: Mapping[str, Declared]) -> set[str]:
    """Names that cannot be given with this one, whichever of the two declares it."""
    return {excluded for excluding, excluded in exclusions(declarations) if excluding == name}


def exclusions(declarations: Mapping[str, Declared]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of names that cannot be given together, in both orders."""
    for name, declared in declarations.items():
        for excluded in declared.excludes:
            yield name, excluded
            yield excluded, name


def require_together(names: Collection[str], declarations: Mapping[str, Declared], write: Callable[[str], str]) -> None:
    """Reject options that cannot be given together, or need another one that is missing.

    Args:
        names: the names of the given options; unknown names are allowed.
        declarations: the declarations by name.
        write: writes a name in messages.

    Raises:
        BadSetting: two options exclude each other, or one is missing; the message says what to do.
    """
    for name in (name for name in declarations if name in names):
        for excluded in declarations[name].excludes:
            if excluded in names:
                raise BadSetting(f"{write(name)} and {write(excluded)} exclude each other; leave out one of them")
        needs = declarations[name].needs
        if needs and needs not in names:
            needed = write(needs)
            advice = f"give {needed}, or leave out {write(name)}"
            raise BadSetting(f"{write(name)} needs {needed}, and there are none: {advice}")


def _with_unit(units: dict[str, float] | dict[str, int], description: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        match = re.fullmatch(_NUMBER + r"([a-zA-Z]*)", text.strip())
        if match is None or match[2].lower() not in units:
            raise BadSetting(f"{text!r} is not {description}")
        value = _times(float(match[1]), units[match[2].lower()])
        if value == math.inf:
            raise BadSetting(f"{text!r} is too large; give {description}")
        if value < 0:
            raise BadSetting(f"{text!r} is negative; give {description}")
        return value

    return read


def _times(number: float, unit: float) -> float:
    """Multiply exactly by a unit: 9 ms are 0.009, but 9 times 0.001 is not."""
    return number * unit if unit >= 1 else number / round(1 / unit)


def _shortest(units: dict[str, float] | dict[str, int]) -> Callable[[float], str]:
    """A writer that uses the largest unit not above the value; its texts read back exactly."""

    def write(value: float) -> str:
        unit = next((name for name in reversed(units) if value >= units[name]), "")
        text = f"{value / units[unit]:.6g}" if unit else "0"
        if "e" not in text and _times(float(text), units.get(unit, 1)) == value:
            return text + unit
        from decimal import Decimal

        return format(Decimal(repr(value)), "f")

    return write


def _whole(least: int) -> Kind:
    description = f"a whole number of {least} or more"

    def read(text: str) -> int:
        if re.fullmatch(rf"\s*\d{{{_MOST_DIGITS + 1},}}\s*", text):
            raise BadSetting(f"{text.strip()!r} is too large; give {description}, with at most {_MOST_DIGITS} digits")
        if not re.fullmatch(r"\s*\d+\s*", text) or int(text) < least:
            raise BadSetting(f"{text.strip()!r} is not {description}")
        return int(text)

    return Kind(description, read, (int,), "N", least=least)


def _share(text: str) -> float:
    match = re.fullmatch(_NUMBER + "(%?)", text.strip())
    if match is None or not math.isfinite(float(match[1])):
        raise BadSetting(f"{text!r} is not a share such as 5%")
    return float(match[1]) / (100 if match[2] else 1)


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadSetting(f"{text!r} is not a whole number") from None


def _port(text: str) -> int:
    number: int = NATURAL.read(text)
    if number > _LAST_PORT:
        raise BadSetting(f"{text!r} is not a port: 0 to {_LAST_PORT}")
    return number


def _switch(text: str) -> bool:
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    raise BadSetting(f"{text!r} is not true or false")


def _decimal(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadSetting(f"{text!r} is not a number") from None


def relocate_path(text: str, directory: str) -> str:
    """Convert a path relative to a directory to one relative to the current directory."""
    return os.path.join(directory, text)  # noqa: PTH118 - for an empty directory, a Path would add ./


def value_from_text(text: str) -> bool | int | float | str:
    """Convert a text to the first type that fits: true or false, a number, or else the text itself."""
    for kind in (SWITCH, INTEGER, NUMBER):
        try:
            value: bool | int | float = kind.read(text)
        except BadSetting:
            continue
        return value
    return text


def many(kind: Kind) -> Kind:
    """A kind for several values separated by commas or plus signs; in a specification, a comma begins a new setting."""
    return Kind(
        f"{kind.description}, or several with commas between them",
        lambda text: [kind.read(part) for part in re.split("[,+]", text)],
        (list, tuple),
        f"{kind.metavar},{kind.metavar}",
        write=lambda values: "+".join(map(kind.write, values)),
        separated=True,
    )


def one_of(*words: str) -> Kind:
    """A kind for one of these words."""

    def read(text: str) -> str:
        if text not in words:
            raise BadSetting(not_one_of(text, words))
        return text

    return Kind(f"one of {', '.join(words)}", read, (str,), "WORD", words)


TEXT = Kind("a string", str, (str,))
PATH = Kind("a path", str, (str,), "FILE", relocate=relocate_path)
DIRECTORY = replace(PATH, metavar="DIR")
SWITCH = Kind("true or false", _switch, (bool,), write=lambda value: str(value).lower())
INTEGER = Kind("a whole number", _integer, (int,), "N")
NUMBER = Kind("a number", _decimal, (int, float), "X")
COUNT = _whole(1)
NATURAL = _whole(0)
COUNTS = many(COUNT)
LIMITS = many(_whole(2))
DURATION = Kind(
    "a time such as 20ms or 1.5s",
    _with_unit(_SECONDS, "a time such as 20ms or 1.5s"),
    (int, float),
    "TIME",
    write=_shortest({unit: _SECONDS[unit] for unit in ("us", "ms", "s")}),
    in_words="{:g} seconds".format,
    least=0,
)
SIZE = Kind(
    "a size such as 60kB or 1MB",
    lambda text: round(_with_unit(_BYTES, "a size such as 60kB or 1MB")(text)),
    (int,),
    "SIZE",
    write=_shortest({"B": 1, "kB": 1_000, "MB": 1_000_000}),
    in_words="{:,} bytes".format,
    least=0,
)
SHARE = Kind(
    "a share such as 5%", _share, (int, float), "PERCENT", in_words=lambda share: f"{100 * share:g} %", least=0
)
PORT = Kind(f"a port: 0 to {_LAST_PORT}", _port, (int,), "PORT", least=0, most=_LAST_PORT)
