"""Upgrades of results files from older formats to the current one, step by step.

An upgrade gets the JSON object of a whole file, which may be damaged. It leaves damaged parts unchanged; reading
reports them afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Data = dict[str, Any]

_TRAITS_OF_1: dict[str, Data] = {
    "sequential": {"where": "caller", "simplicity": 0},
    "thread-pool": {"where": "threads", "simplicity": 10},
    "threads": {"where": "threads", "worker_per_task": True, "simplicity": 20},
    "batched-threads": {"where": "threads", "worker_per_task": True, "barriers": True, "simplicity": 30},
    "asyncio": {"where": "loop", "simplicity": 40},
    "process-pool": {"where": "processes", "simplicity": 50},
    "processes": {"where": "processes", "worker_per_task": True, "simplicity": 60},
}
"""Traits of the runners that existed with format 1; the traits of other runners are unknown."""

_ALGORITHMS_OF_1 = {"sieve_seconds": "a sieve", "trial_seconds": "trial division"}
"""Facts with the seconds of another algorithm, and the names of these algorithms."""


def from_1(data: Data) -> Data:
    """Upgrade from 1 to 2: cells with identity and traits, options as one object, facts independent of workloads."""
    return _rename_facts(_add_variants_and_traits(data))


def _add_variants_and_traits(data: Data) -> Data:
    """Add an empty variant and the traits of runners to cells, and collect the options in one object."""
    for table in _objects(data.get("tables")):
        table["options"] = _options_of_1(table)
        if isinstance(table.get("baseline"), str):
            table["baseline"] = {"label": table["baseline"]}
        for cell in _objects(table.get("cells")):
            name, settings = cell.get("runner"), cell.get("settings")
            if isinstance(name, str) and name in _TRAITS_OF_1 and isinstance(settings, dict):
                cell["traits"] = _traits_of_1(name, settings)
    return data


def _options_of_1(table: Data) -> Data:
    """The options of a table in format 1, which stored a fixed number of rounds as `max_rounds`."""
    rounds = "rounds" if table.get("all_rounds") is True else "max_rounds"
    options = {
        rounds: table.get("max_rounds"),
        **{name: table.get(name) for name in ("budget", "precision", "warm", "fresh")},
    }
    return {name: value for name, value in options.items() if value is not None}


def _traits_of_1(name: str, settings: Data) -> Data:
    processes = name in {"process-pool", "processes"}
    return {
        "shares_interpreter": not processes,
        "pickles": processes,
        "sends": (name == "process-pool" or settings.get("start_method") != "fork") if processes else None,
        "worker_per_task": False,
        "barriers": False,
        "reaped": settings.get("start_method") != "forkserver" if processes else None,
        **_TRAITS_OF_1[name],
    }


def _rename_facts(data: Data) -> Data:
    """Rename facts whose names contain an algorithm or a kind of task."""
    for table in _objects(data.get("tables")):
        facts, settings = table.get("facts"), table.get("settings")
        if not isinstance(facts, dict) or not isinstance(settings, dict):
            continue
        for key, name in _ALGORITHMS_OF_1.items():
            if key in facts:
                facts |= {"other_algorithm": name, "other_algorithm_seconds": facts.pop(key)}
        if "image_size" in settings:
            facts["task_bytes"] = settings["image_size"]
    return data


def _objects(value: Any) -> Iterator[Data]:
    yield from (one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


UPGRADES: tuple[Callable[[Data], Data], ...] = (from_1,)
"""The upgrades in order: the first from format 1 to format 2, and so on."""
