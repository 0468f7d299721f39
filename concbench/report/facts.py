"""Facts about a machine and an interpreter, as names and values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from concbench import units
from concbench.results.records import Json, number


def facts(environment: Json) -> list[tuple[str, str]]:
    """Every known fact, as name and value."""
    flat: list[tuple[str, object]] = []
    for key, value in environment.items():
        parts: Iterable[tuple[str, object]] = value.items() if isinstance(value, dict) else [("", value)]
        flat += [(f"{key} {name}".strip().replace("_", " "), part) for name, part in parts]
    return [(name, _fact(name, value)) for name, value in flat]


def _fact(name: str, value: object) -> str:
    if isinstance(value, float) and name.startswith("timer"):
        return f"{1e9 * value:.0f} ns"
    if name == "memory" and (size := number({name: value}, name)) is not None:
        return units.memory(size)
    words = {None: "none or unknown", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def options_text(options: Mapping[str, object]) -> str:
    """Options as a person would write them, without dashes: `budget 30s, warm`."""
    return ", ".join(key if value is True else f"{key} {value_text(value)}" for key, value in options.items())


def value_text(value: object) -> str:
    """A value as a person would write it after the name of its option."""
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(map(value_text, value)) if isinstance(value, list) else str(value)
