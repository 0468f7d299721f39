"""Going on with a run that was interrupted: whether it is the same run at all, and what of it counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from typing import Any

from concbench.declarations import Option
from concbench.errors import UsageError
from concbench.harness.plan import Plan
from concbench.options import completed, declared
from concbench.results.records import Json, RunRecord, Table, number
from concbench.task import one_line

_PLANNED = ("size", "settings", "tasks", "variants", "baseline", "warmed_up")
"""What a table and the plan of a table must have in common, beside the workload and the options."""
_MEASURED = {"timer_step", "memory"}
"""Of the environment, what differs from time to time on one machine; memory by a little, and is looked at apart."""
_MEMORY = 0.02
"""Share by which it may."""


def require_same_run(earlier: RunRecord, now: RunRecord, plans: Sequence[Plan]) -> None:
    """Refuse to go on with another plan, or on another machine: what was measured there says nothing about this.

    Raises:
        UsageError: names what differs first.
    """
    _compare("version of concbench", earlier.concbench, now.concbench)
    _compare("seed", earlier.seed, now.seed)
    _compare("the environment", _lasting(earlier.environment), _lasting(now.environment))
    then, here = (number(record.environment, "memory") or 0.0 for record in (earlier, now))
    if abs(then - here) > _MEMORY * here:
        raise UsageError(
            f"cannot resume that run: the machine had {then / 1e9:.1f} GB of memory and now has {here / 1e9:.1f}"
        )
    if len(earlier.tables) > len(plans):
        _compare("number of workloads", len(earlier.tables), len(plans))
    for table, plan in zip(earlier.tables, plans, strict=False):
        _require_same_plan(table, plan.table())


def finished_part(table: Table) -> Table | None:
    """The rounds of a table that are whole; None if there are none. Samples of one that was interrupted are dropped."""
    if table.rounds == 0:
        return None
    cells = [
        replace(cell, samples=[sample for sample in cell.samples if sample.round < table.rounds])
        for cell in table.cells
    ]
    return replace(table, cells=cells, load=table.load[: table.rounds])


def resumed_after(rounds: int) -> str:
    """The note of a table that was gone on with."""
    return f"Interrupted, and resumed after round {rounds}."


def is_complete(table: Table, plan: Plan) -> bool:
    """Whether nothing of it is left to do."""
    well = [cell for cell in table.cells if cell.outcome.kind == "ok"]
    return bool(table.stopped) and (not plan.options["observe"] or all(cell.observed is not None for cell in well))


def _require_same_plan(then: Table, now: Table) -> None:
    _compare("workload", then.workload, now.workload)
    said = _as_json(now.options)
    earlier, options = ({**table, **completed(table)} for table in (then.options, said))  # a file may know fewer
    for name in sorted({*earlier, *options}, key=lambda name: (name not in said, name)):
        write = partial(_written, declared().get(name))
        _compare(f"{name.replace('_', '-')} of {now.workload}", earlier.get(name), options.get(name), write)
    for name in _PLANNED:
        before, after = (getattr(table, name) for table in (then, now))
        if name == "baseline":
            before, after = str(before), str(after)
        _compare(f"{name.replace('_', '-')} of {now.workload}", before, _as_json(after))
    _compare("runners", [str(cell.id) for cell in then.cells], [str(cell.id) for cell in now.cells])
    for before, cell in zip(then.cells, now.cells, strict=True):
        _compare(str(cell.id), before.settings, _as_json(cell.settings))


def _written(option: Option | None, value: Any) -> str:
    """A value as the command line has it."""
    return option.kind.write(value) if option and isinstance(value, option.kind.types) else _said(value)


def _said(value: Any) -> str:
    return "none" if value is None else one_line(value, 100)


def _compare(what: str, then: Any, now: Any, said: Callable[[Any], str] = _said) -> None:
    """Refuse values that differ; of objects and lists, what differs in them first.

    Raises:
        UsageError: they do.
    """
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted({*then, *now}):
            _compare(f"{key.replace('_', ' ')} of {what}", then.get(key), now.get(key))
    elif isinstance(then, list) and isinstance(now, list):
        for place, (before, after) in enumerate(zip_longest(then, now), start=1):
            _compare(f"number {place} of {what}", before, after)
    elif then != now:
        raise UsageError(f"cannot resume that run: {what} was {said(then)} and is now {said(now)}")


def _lasting(environment: Json) -> Json:
    """Facts of a machine and an interpreter that stay as they are."""
    return {key: _as_json(value) for key, value in environment.items() if key not in _MEASURED}


def _as_json(value: Any) -> Any:
    """As it comes back from a file."""
    return json.loads(json.dumps(value))
