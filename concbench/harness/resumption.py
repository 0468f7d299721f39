"""Resuming an interrupted run: the check that it is the same run, and the part of it that counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from typing import Any

from concbench.declarations import Option
from concbench.errors import UsageError
from concbench.harness.planning.plan import Plan
from concbench.options import declared_options, with_defaults
from concbench.results.records import Json, RunRecord, Table, number
from concbench.task import one_line

_PLANNED = ("size", "settings", "tasks", "variants", "baseline", "warmed_up")
"""Fields that a table and its plan must have in common, besides the workload and the options."""
_VARYING_FACTS = {"timer_step", "memory"}
"""Environment facts that vary between runs on one machine; memory is compared separately, with a tolerance."""
_MEMORY = 0.02
"""Share by which the memory of the machine may differ."""


def require_same_run(earlier: RunRecord, now: RunRecord, plans: Sequence[Plan]) -> None:
    """Reject a run of another plan or on another machine, since its samples cannot be combined with new ones.

    Raises:
        UsageError: the runs differ; the message names the first difference.
    """
    _compare("version of concbench", earlier.concbench, now.concbench)
    _compare("seed", earlier.seed, now.seed)
    _compare("the environment", _lasting(earlier.environment), _lasting(now.environment))
    before, after = (number(record.environment, "memory") or 0.0 for record in (earlier, now))
    if abs(before - after) > _MEMORY * after:
        raise UsageError(
            f"cannot resume that run: the machine had {before / 1e9:.1f} GB of memory and now has {after / 1e9:.1f}"
        )
    if len(earlier.tables) > len(plans):
        _compare("number of workloads", len(earlier.tables), len(plans))
    for table, plan in zip(earlier.tables, plans, strict=False):
        _require_same_plan(table, plan.table())


def finished_part(table: Table) -> Table | None:
    """The table with its whole rounds only, without samples of an interrupted round; None if no round is whole."""
    if table.rounds == 0:
        return None
    cells = [
        replace(cell, samples=[sample for sample in cell.samples if sample.round < table.rounds])
        for cell in table.cells
    ]
    return replace(table, cells=cells, load=table.load[: table.rounds])


def resumed_after(rounds: int) -> str:
    """The note of a table that was resumed."""
    return f"Interrupted, and resumed after round {rounds}."


def is_complete(table: Table, plan: Plan) -> bool:
    """Whether the measurement of a table is complete."""
    measured = [cell for cell in table.cells if cell.outcome.kind == "ok"]
    return bool(table.stopped) and (not plan.options["observe"] or all(cell.observed is not None for cell in measured))


def _require_same_plan(earlier: Table, now: Table) -> None:
    _compare("workload", earlier.workload, now.workload)
    planned = _as_json(now.options)
    # an older file has fewer options
    then, options = ({**table, **with_defaults(table)} for table in (earlier.options, planned))
    for name in sorted({*then, *options}, key=lambda name: (name not in planned, name)):
        write = partial(_option_text, declared_options().get(name))
        _compare(f"{name.replace('_', '-')} of {now.workload}", then.get(name), options.get(name), write)
    for name in _PLANNED:
        before, after = (getattr(table, name) for table in (earlier, now))
        if name == "baseline":
            before, after = str(before), str(after)
        _compare(f"{name.replace('_', '-')} of {now.workload}", before, _as_json(after))
    _compare("runners", [str(cell.id) for cell in earlier.cells], [str(cell.id) for cell in now.cells])
    for before, cell in zip(earlier.cells, now.cells, strict=True):
        _compare(str(cell.id), before.settings, _as_json(cell.settings))


def _option_text(option: Option | None, value: Any) -> str:
    """A value as it is written on the command line."""
    return option.kind.write(value) if option and isinstance(value, option.kind.types) else _value_text(value)


def _value_text(value: Any) -> str:
    return "none" if value is None else one_line(value, 100)


def _compare(what: str, then: Any, now: Any, write: Callable[[Any], str] = _value_text) -> None:
    """Reject values that differ, and name the first difference within objects and lists.

    Raises:
        UsageError: the values differ.
    """
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted({*then, *now}):
            _compare(f"{key.replace('_', ' ')} of {what}", then.get(key), now.get(key))
    elif isinstance(then, list) and isinstance(now, list):
        for position, (before, after) in enumerate(zip_longest(then, now), start=1):
            _compare(f"number {position} of {what}", before, after)
    elif then != now:
        raise UsageError(f"cannot resume that run: {what} was {write(then)} and is now {write(now)}")


def _lasting(environment: Json) -> Json:
    """The constant facts about a machine and an interpreter."""
    return {key: _as_json(value) for key, value in environment.items() if key not in _VARYING_FACTS}


def _as_json(value: Any) -> Any:
    """The value as it is read back from a JSON file."""
    return json.loads(json.dumps(value))
