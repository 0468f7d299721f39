"""Runner specifications, such as `thread-pool:32`, and runner instances, turned into the cells of a plan."""

from __future__ import annotations

import dataclasses
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from concbench.errors import BadSetting, ConcbenchError, Unavailable, UsageError
from concbench.harness.planning.settings import REQUIRED, Setting, joined, split, values_of
from concbench.harness.planning.settings import settings_of as _settings_of
from concbench.registry import ON_REQUEST, runner_class, runner_name, runner_names
from concbench.results.records import Cell, CellId
from concbench.runners.base import Runner, exists_in, workers_for
from concbench.traits import Traits, traits_of
from concbench.values import value_from_text
from concbench.variants import DEFAULT_VARIANT, Variant


@dataclass(frozen=True)
class PlannedCell:
    """A cell to measure: a runner with its settings under a variant."""

    label: str
    """The specification as on the command line; unique in a plan, except under different variants."""
    name: str
    runner: Runner
    settings: dict[str, Any]
    variant: Variant = DEFAULT_VARIANT
    """The variant that its measuring process is started under."""

    @property
    def id(self) -> CellId:
        """The identity of the cell, unique in the plan."""
        return CellId(self.label, self.variant.label)

    @property
    def traits(self) -> Traits:
        """The traits that the runner declares."""
        return traits_of(self.runner)

    def record(self, tasks: int) -> Cell:
        """Return the record of the cell over so many tasks, before anything has been measured."""
        workers = workers_for(self.runner, tasks)
        return Cell(self.label, self.name, self.settings, workers, self.variant.label, self.traits)


def plan_cells(
    runners: Sequence[str | Runner], variants: Sequence[Variant] = (DEFAULT_VARIANT,)
) -> tuple[PlannedCell, ...]:
    """Plan a cell for each runner in each variant; runners are specifications or instances.

    Raises:
        UsageError: a runner is invalid, or occurs twice.
    """
    cells = tuple(parse(runner) if isinstance(runner, str) else _of_instance(runner) for runner in runners)
    if not cells:
        raise UsageError("no runners: name at least one, such as thread-pool:32")
    for one, other in itertools.combinations(cells, 2):
        if one.id == other.id:
            raise UsageError(f"the runner {one.id} is given twice; each is measured once")
    return tuple(dataclasses.replace(cell, variant=variant) for variant in variants for cell in cells)


def limit_workers(max_workers: int | None, runners: Sequence[str | Runner]) -> list[str | Runner]:
    """Limit the default number of workers of specifications to `max_workers`."""
    if max_workers is None:
        return list(runners)
    return [
        with_workers([runner], [max_workers])[0]
        if isinstance(runner, str) and (getattr(parse(runner).runner, "workers", 1) or 1) > max_workers
        else runner
        for runner in runners
    ]


def default_runners(python: tuple[int, int] = sys.version_info[:2]) -> list[str]:
    """Names of every registered runner that exists in a version of Python, except those measured on request only."""
    return [name for name in runner_names() if name not in ON_REQUEST and _exists_in(name, python)]


def _exists_in(name: str, python: tuple[int, int]) -> bool:
    """Whether such a runner exists; a runner that cannot be loaded counts, and raises when it is parsed."""
    try:
        return exists_in(runner_class(name), python)
    except Unavailable:
        return True


def with_workers(specs: Iterable[str], counts: Sequence[int]) -> list[str]:
    """Repeat each runner that has workers for every count; keep the others as they are.

    A specification that has a number of workers already, such as `thread-pool:32`, keeps it.
    """
    result: list[str] = []
    for spec in specs:
        cell = parse(spec)
        fixed = "workers" not in _fields(type(cell.runner)) or "workers" in _split_spec(spec)[1]
        join = "," if "=" in spec else ":"
        result += [spec] if fixed else [f"{spec}{join}{'workers=' if join == ',' else ''}{count}" for count in counts]
    return list(dict.fromkeys(result))


def defaults_of(runner_type: type) -> dict[str, Any]:
    """The default of each setting of a runner; None if it is required. Empty for a class without settings."""
    declared = _fields(runner_type)
    if any(setting.default is REQUIRED for setting in declared.values()):
        return {key: None if setting.default is REQUIRED else setting.default for key, setting in declared.items()}
    instance = runner_type() if declared else None
    return {key: getattr(instance, key) for key in declared}


def parse(spec: str) -> PlannedCell:
    """Parse a specification: `thread-pool`, `thread-pool:32`, `process-pool:workers=2,chunksize=16`.

    Raises:
        UnknownName: no runner has this name.
        BadSetting: a setting is unknown, malformed, or invalid.
    """
    name, texts = _split_spec(spec)
    runner_type = runner_class(name)
    declared = _fields(runner_type)
    collector = getattr(runner_type, "collects", "")
    collected = {key: text for key, text in texts.items() if collector and key not in declared}
    settings = values_of(name, {key: text for key, text in texts.items() if key not in collected}, declared)
    required = (key for key, setting in declared.items() if setting.default is REQUIRED)
    missing = next((key for key in required if key not in settings), "")
    if missing:
        raise BadSetting(f"{name} needs a {missing}: write {name}:{missing}=...")
    if collector:
        settings[collector] = {key: value_from_text(text) for key, text in collected.items()}
    return _cell(name, _create(name, lambda: runner_type(**settings)))


def _split_spec(spec: str) -> tuple[str, dict[str, str]]:
    """Split a specification; a setting without a name is the number of workers."""
    return split(spec, "runner", unnamed="workers")


def _fields(runner_type: type) -> dict[str, Setting]:
    """The declared settings of a runner; a runner that is not a dataclass has none."""
    if not dataclasses.is_dataclass(runner_type):
        return {}
    declared = _settings_of(runner_type)
    names = [field.name for field in dataclasses.fields(runner_type) if field.init]
    return {name: declared[name] for name in names if name != getattr(runner_type, "collects", "")}


def _create(name: str, make: Callable[[], Runner]) -> Runner:
    try:
        return make()
    except BadSetting as error:
        raise BadSetting(f"{name}: {error}") from error


def _of_instance(runner: Runner) -> PlannedCell:
    missing = [method for method in ("__enter__", "run", "__exit__") if not hasattr(runner, method)]
    if missing:
        raise UsageError(f"{runner!r} is not a runner: it lacks {', '.join(missing)}")
    return _cell(runner_name(runner), runner)


def _cell(name: str, runner: Runner) -> PlannedCell:
    settings = {key: getattr(runner, key) for key in _fields(type(runner))}
    settings |= getattr(runner, getattr(runner, "collects", ""), {})
    try:
        json.dumps(settings)
    except (TypeError, ValueError):
        settings = {key: repr(value) for key, value in settings.items()}
    return PlannedCell(_label(name, runner, settings), name, runner, settings)


def _label(name: str, runner: Runner, settings: dict[str, Any]) -> str:
    """The shortest specification: always the workers, other settings only if they differ from the defaults."""
    kinds = {key: setting.kind for key, setting in _fields(type(runner)).items()}
    changed = {
        key: kinds[key].write(value) if key in kinds and isinstance(value, kinds[key].types) else str(value)
        for key, value in settings.items()
        if key != "workers" and not _is_default(name, key, value)
    }
    workers = settings.get("workers")
    if workers is None:
        return joined(name, changed)
    return joined(name, {"workers": str(workers), **changed}) if changed else f"{name}:{workers}"


def _is_default(name: str, key: str, value: Any) -> bool:
    try:
        defaults = defaults_of(runner_class(name))
    except (ConcbenchError, TypeError):
        return False
    return bool(key in defaults and defaults[key] == value)
