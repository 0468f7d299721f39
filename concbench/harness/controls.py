"""Controls: work with known answers, tried on this machine, and what to do where it cannot show them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from concbench.advice.evidence import FLAGGED, CellEvidence, evidence
from concbench.advice.units import ratio, span
from concbench.harness.environment import environment
from concbench.harness.load import LoadWatch
from concbench.harness.plan import Options, plan
from concbench.harness.process_hosts import ProcessHosts
from concbench.harness.session import measure_workload
from concbench.results.records import Json
from concbench.stats.verdicts import FASTER
from concbench.workloads.synthetic import Sleep, Spin

_PROBE_SECONDS = 0.5
_BUDGET = 4.0
_COARSE = 1e-6


@dataclass(frozen=True)
class Finding:
    """One thing that was tried or read."""

    about: str
    """concurrency, coroutines, parallelism, threads, load, cores, timer or governor."""
    well: bool
    matters: bool
    """Whether, not being well, it makes this machine unfit to show the difference."""
    text: str
    advice: str = ""
    """What to do, where it is not well."""


@dataclass(frozen=True)
class Checkup:
    """All of them, and the facts beside them."""

    environment: Json
    findings: list[Finding]

    @property
    def well(self) -> bool:
        """Whether this machine can show concurrency and parallelism."""
        return all(finding.well or not finding.matters for finding in self.findings)

    def as_json(self) -> Json:
        """Plain JSON values."""
        return {"well": self.well, **asdict(self)}


def check_up() -> Checkup:
    """Read the machine and measure the controls; takes some ten seconds."""
    facts = environment()
    watch = LoadWatch()
    time.sleep(_PROBE_SECONDS)
    load = watch.cores()
    facts = {**facts, "load_of_others": None if load is None else round(load, 2)}
    cores = int(facts["cores_usable"])
    waiting = _measure(Sleep(), ["sequential", "threads", "asyncio"])
    computing = _measure(Spin(tasks=2 * cores), ["sequential", "threads", f"process-pool:{cores}"])
    findings = [
        *_overlap("concurrency", "8 threads that wait", waiting["threads"]),
        *_overlap("coroutines", "8 coroutines that wait", waiting["asyncio:32"]),
        *_parallelism(computing[f"process-pool:{cores}"], cores),
        *_threads(computing["threads"], gil=bool(facts["gil"])),
        *_load(load),
        *_cores(facts),
        *_clock(facts),
    ]
    return Checkup(facts, findings)


def _measure(workload: Sleep | Spin, runners: list[str]) -> dict[str, CellEvidence]:
    chosen = plan(workload, runners, Options(budget=_BUDGET, observe=False, seed=1))
    table, interrupted = measure_workload(chosen, ProcessHosts(), lambda _: None)
    if interrupted:
        raise KeyboardInterrupt
    return {cell.cell.label: cell for cell in evidence(table).cells}


def _overlap(about: str, who: str, seen: CellEvidence) -> Iterator[Finding]:
    if seen.verdict == FASTER:
        yield Finding(about, True, True, f"{who} are {_rate(seen)} as fast as one after another")
    else:
        yield Finding(
            about, False, True, f"{who} came to {_rate(seen)} of one after another, where about 8x is due",
            "Something serialises them: look for a debugger, a tracer or an emulator around this Python.",
        )  # fmt: skip


def _parallelism(seen: CellEvidence, cores: int) -> Iterator[Finding]:
    if cores == 1:
        yield Finding(
            "parallelism", False, True, "one usable core: nothing can be computed at the same time here",
            "Measure where there are two cores or more; results from here are about waiting only.",
        )  # fmt: skip
    elif seen.verdict == FASTER:
        text = f"{cores} processes that compute are {_rate(seen)} as fast as one after another"
        yield Finding("parallelism", True, True, text)
    else:
        yield Finding(
            "parallelism", False, True, f"{cores} processes that compute came to {_rate(seen)} of one after another",
            "Other processes may hold the cores (see the load), or a quota; stop them, and try again.",
        )  # fmt: skip


def _threads(seen: CellEvidence, *, gil: bool) -> Iterator[Finding]:
    if gil:
        text = f"threads that compute are {_rate(seen)} as fast: this interpreter has a GIL"
        yield Finding("threads", seen.verdict != FASTER, False, text)
    elif seen.verdict == FASTER:
        yield Finding("threads", True, True, f"threads that compute are {_rate(seen)} as fast: there is no GIL")
    else:
        yield Finding(
            "threads", False, True, f"there is no GIL, and threads that compute came to {_rate(seen)}",
            "Look at the load and at the cores; with both in order, the interpreter was built with a fault.",
        )  # fmt: skip


def _load(load: float | None) -> Iterator[Finding]:
    if load is None:
        yield Finding("load", True, False, "the load of other processes cannot be read here")
    elif load > FLAGGED:
        yield Finding(
            "load", False, True, f"other processes use {load:.2f} cores now", "Stop them before you measure."
        )  # fmt: skip
    else:
        yield Finding("load", True, True, f"other processes use {load:.2f} cores now")


def _cores(facts: Json) -> Iterator[Finding]:
    quota, affinity, machine = facts["cores_by_quota"], facts["cores_by_affinity"], facts["cores"]
    if quota is not None and quota < affinity:
        yield Finding(
            "cores", False, False, f"a quota allows {quota:g} cores, and os.cpu_count() says {machine}",
            f"Size pools by hand, to {facts['cores_usable']}: what is sized by cpu_count() will stall.",
        )  # fmt: skip
    elif affinity < machine:
        text = f"affinity allows {affinity} of {machine} cores"
        yield Finding("cores", False, False, text, f"Size pools to {facts['cores_usable']}, or lift it with taskset.")


def _clock(facts: Json) -> Iterator[Finding]:
    if facts["timer_step"] > _COARSE:
        yield Finding(
            "timer", False, False, f"the timer steps by {1e6 * facts['timer_step']:.1f} us",
            "Give short work more items, so that a sample lasts a thousand steps.",
        )  # fmt: skip
    if facts["governor"] not in {None, "performance"}:
        yield Finding(
            "governor", False, False, f"the processor's governor is {facts['governor']}: speed follows load",
            "'cpupower frequency-set -g performance', as root, makes times steadier.",
        )  # fmt: skip


def _rate(seen: CellEvidence) -> str:
    if seen.speedup is None:
        return f"nothing ({seen.cell.outcome.reason})"
    interval = f" [{span(seen.interval.low, seen.interval.high)}]" if seen.interval else ""
    return f"{ratio(seen.speedup)}{interval}"
