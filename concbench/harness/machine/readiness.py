"""The check behind `doctor --python`: whether an interpreter can be measured, and which packages it lacks."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from concbench.errors import ConcbenchError
from concbench.harness.hosts.launcher import ProcessHosts
from concbench.harness.measurement import measure_workload
from concbench.harness.planning.plan import plan
from concbench.interpreters import Interpreter, probe_interpreter
from concbench.options import make_options
from concbench.results.records import Json
from concbench.workloads.synthetic import Sleep

_RUNNERS = ["sequential", "threads", "process-pool:1"]
"""One runner for each place where tasks run."""


@dataclass(frozen=True)
class Readiness:
    """The result of checking an interpreter that the user named."""

    given: str
    well: bool
    """Whether it can be measured."""
    text: str
    advice: str = ""
    """Advice or a hint; may be empty."""

    def as_json(self) -> Json:
        """Return plain JSON values."""
        return asdict(self)


def readiness(given: str) -> Readiness:
    """Query an interpreter for its version, and execute a task in it under a few runners."""
    try:
        interpreter = probe_interpreter(given)
        trial = plan(Sleep(tasks=1, seconds=0.0), _RUNNERS, make_options(python=[given], rounds=1, observe=False))
        table, _ = measure_workload(trial, ProcessHosts(), lambda _: None)
    except ConcbenchError as error:
        return Readiness(given, well=False, text=str(error))
    broken = [f"{cell.shown} {cell.outcome.reason}" for cell in table.cells if cell.outcome.kind == "failed"]
    description = f"{given} is {_description(interpreter)}"
    if broken:
        return Readiness(given, well=False, text=f"{description}, but cannot be used for measuring: {broken[0]}")
    missing = " ".join(interpreter.lacks)
    advice = f"for download, run {interpreter.executable} -m pip install {missing}" if missing else ""
    return Readiness(given, well=True, text=f"{description}: it can be used for measuring", advice=advice)


def _description(interpreter: Interpreter) -> str:
    description = f"{interpreter.implementation} {interpreter.version}"
    if not interpreter.free_threaded:
        return description
    return f"{description}, free-threaded, which starts {'with' if interpreter.gil else 'without'} the GIL"
