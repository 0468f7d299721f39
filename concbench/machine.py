"""Facts about this machine and interpreter that runners and measurements depend on. Standard library only."""

import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path

POOL_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""Environment variables from which native libraries read, when they are loaded, how many threads to start."""


def affinity_cores() -> int:
    """Cores that the scheduler may give to this process: by affinity where the system has it, else all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quota_cores(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> float | None:
    """CPU time that the control group of this process allows, in cores; None without a limit.

    It is read from the process's own control group and its parents (the tightest limit counts), version 2 or 1. The
    standard library ignores these limits, so a container with a quota of one core reports every core of its host.
    """
    quotas = (_QUOTA[version](folder) for folder, version in groups("cpu", proc, cgroups))
    return min((quota for quota in quotas if quota is not None), default=None)


def throttled_seconds(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Seconds for which a quota has throttled this process's control group so far, summed over cores; None without one.

    The statistics of a group do not count throttling by the quotas of its parents, so all groups are added up.
    """
    limited = ((folder, version) for folder, version in groups("cpu", proc, cgroups) if _QUOTA[version](folder))
    throttled = [seconds for folder, version in limited if (seconds := _throttled(folder, version)) is not None]
    return sum(throttled) if throttled else None


def groups(controller: str, proc: Path, cgroups: Path) -> Iterator[tuple[Path, int]]:
    """Yield the directories of this process's control group and its parents, each with its version, 2 or 1.

    The root of a container is included. Systems other than Linux have none.
    """
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = cgroups / controller if controllers else cgroups
        folder = root / path.lstrip("/")
        parents = [parent for parent in folder.parents if root in {parent, *parent.parents}]
        yield from ((directory, 1 if controllers else 2) for directory in (folder, *parents))


def usable_cores() -> int:
    """Cores that this process can really use: the least of affinity, control group quota and PYTHON_CPU_COUNT.

    A quota of 1.5 cores counts as 1, since a second worker would have to wait half of the time.
    """
    quota = quota_cores()
    return allowed_cores() if quota is None else max(1, min(allowed_cores(), int(quota)))


def allowed_cores() -> int:
    """Cores on which this process may run at the same time by affinity and PYTHON_CPU_COUNT, regardless of a quota."""
    count = os.environ.get("PYTHON_CPU_COUNT", "")
    return max(1, min(affinity_cores(), int(count))) if count.isdigit() else affinity_cores()


def cores_to_race() -> int:
    """The largest number of workers that may be the best for CPU-bound work.

    With a quota of 1.5 cores, a second worker can run half of the time, so both one and two are measured.
    """
    quota = quota_cores()
    return allowed_cores() if quota is None else max(1, min(allowed_cores(), math.ceil(quota)))


def gil_enabled() -> bool:
    """Whether the GIL is enabled now, so that only one thread at a time runs Python code in this interpreter.

    An extension that does not declare support for free threading enables the GIL when it is imported, so call this
    after the imports of the workload.
    """
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def gil_came_back() -> bool:
    """Whether the GIL of a free-threaded interpreter is enabled although no setting asked for it."""
    requested = "1" in (os.environ.get("PYTHON_GIL"), sys._xoptions.get("gil"))  # noqa: SLF001 - -X gil=1
    return "free-threading build" in sys.version and gil_enabled() and not requested


def compiles() -> bool:
    """Whether this interpreter has an active JIT compiler, so that later executions are shorter."""
    jit = getattr(sys, "_jit", None)
    return sys.implementation.name == "pypy" or bool(jit and jit.is_enabled())


def _quota_v2(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return None


def _quota_v1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
        return None if quota <= 0 else quota / period
    except (OSError, ValueError):
        return None


_QUOTA = {2: _quota_v2, 1: _quota_v1}


def _throttled(folder: Path, version: int) -> float | None:
    try:
        statistics = dict(line.split() for line in (folder / "cpu.stat").read_text().splitlines())
        return int(statistics["throttled_usec"]) / 1e6 if version == 2 else int(statistics["throttled_time"]) / 1e9
    except (OSError, ValueError, KeyError):
        return None
