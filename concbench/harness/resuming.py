"""Going on with a run that was interrupted: whether it is the same run at all, and what of it counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from concbench.errors import UsageError
from concbench.harness.plan import Plan
from concbench.results.records import Json, RunRecord, Table

_PLANNED = (
    "workload", "size", "settings", "tasks", "baseline", "max_rounds", "all_rounds", "budget", "precision", "warm",
    "fresh", "warmed_up",
)  # fmt: skip
"""What a table and the plan of a table must have in common."""
_MEASURED = {"timer_step"}
"""Of the environment, what differs from time to time on one machine."""


def require_same_run(earlier: RunRecord, now: RunRecord, plans: Sequence[Plan]) -> None:
    """Refuse to go on with another plan, or on another machine: what was measured there says nothing about this.

    Raises:
        UsageError: names what differs first.
    """
    _compare("version of concbench", earlier.concbench, now.concbench)
    _compare("seed", earlier.seed, now.seed)
    then, here = _lasting(earlier.environment), _lasting(now.environment)
    for key in sorted({*then, *here}):
        _compare(key.replace("_", " "), then.get(key), here.get(key))
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


def is_complete(table: Table, plan: Plan) -> bool:
    """Whether nothing of it is left to do."""
    well = [cell for cell in table.cells if cell.outcome.kind == "ok"]
    return bool(table.stopped) and (not plan.options.observe or all(cell.observed is not None for cell in well))


def executions(table: Table) -> int:
    """How often its work was executed, the reference included."""
    return 1 + sum(
        sum(sample.repeats for sample in cell.samples) + (cell.warmup is not None) + (cell.observed is not None)
        for cell in table.cells
    )


def _require_same_plan(then: Table, now: Table) -> None:
    for name in _PLANNED:
        before, after = getattr(then, name), _as_json(getattr(now, name))
        if isinstance(before, dict):
            for key in sorted({*before, *after}):
                _compare(f"{key} of {now.workload}", before.get(key), after.get(key))
        _compare(name.replace("_", "-"), before, after)
    _compare("list of runners", [cell.label for cell in then.cells], [cell.label for cell in now.cells])
    for before_cell, cell in zip(then.cells, now.cells, strict=True):
        _compare(f"settings of {cell.label}", before_cell.settings, _as_json(cell.settings))


def _compare(what: str, then: Any, now: Any) -> None:
    if then != now:
        raise UsageError(f"cannot go on with that run: {what} was {_said(then)}, and is {_said(now)}")


def _said(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else "none" if value in (None, {}) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _lasting(environment: Json) -> Json:
    """Facts of a machine and an interpreter; memory to the GB, since a little more or less is the same machine."""
    facts = {key: _as_json(value) for key, value in environment.items() if key not in _MEASURED}
    return {**facts, "memory": round(facts.get("memory", 0) / 1e9)}


def _as_json(value: Any) -> Any:
    """As it comes back from a file."""
    return json.loads(json.dumps(value))
