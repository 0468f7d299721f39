"""Results files of older formats, made into those of the present one step by step.

An upgrade gets the JSON object of a whole file, which may be damaged: what is not as it should be is left as it is, and
reading says so afterwards.
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
"""Of the runners that there were when format 1 was written; nothing is known of those of others."""

_ALGORITHMS_OF_1 = {"sieve_seconds": "a sieve", "trial_seconds": "trial division"}
"""The facts that told what another algorithm takes."""


def from_1(data: Data) -> Data:
    """From 1 to 2: cells have an identity and traits, the options are one object, and facts name no workload."""
    return _facts_in_general(_identity_traits_and_options(data))


def _identity_traits_and_options(data: Data) -> Data:
    """Cells have a variant, which was none, and say what their runner is; the options are one object."""
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
    """Those that a table had: rounds that were fixed stood as the most that there may be."""
    rounds = "rounds" if table.get("all_rounds") is True else "max_rounds"
    said = {
        rounds: table.get("max_rounds"),
        **{name: table.get(name) for name in ("budget", "precision", "warm", "fresh")},
    }
    return {name: value for name, value in said.items() if value is not None}


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


def _facts_in_general(data: Data) -> Data:
    """Facts no longer say by their names which algorithm or what kind of task they are of."""
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
"""The first makes a file of format 1 one of format 2, and so on."""
