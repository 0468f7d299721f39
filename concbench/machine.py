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
"""What native libraries read when they are loaded: how many threads of their own they start."""


def affinity_cores() -> int:
    """Cores that the scheduler may give to this process (affinity where the system has it, else all)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quota_cores(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Cores' worth of CPU time that this process's own cgroup allows, or None without a limit.

    Read from the process's own cgroup and its parents (the tightest counts), version 2 or 1: nothing in the
    standard library looks there, so a container with a quota of one core still reports every core of its host.
    """
    quotas = (_QUOTA[version](folder) for folder, version in groups("cpu", proc, cgroups))
    return min((quota for quota in quotas if quota is not None), default=None)


def throttled_seconds(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Seconds for which a quota has kept this process's control group from running so far, summed over cores.

    The statistics of a group do not count what is due to the quota of one that it is in, so all are added up. None
    without a quota.
    """
    limited = ((folder, version) for folder, version in groups("cpu", proc, cgroups) if _QUOTA[version](folder))
    known = [seconds for one in limited if (seconds := _throttled(*one)) is not None]
    return sum(known) if known else None


def groups(controller: str, proc: Path, cgroups: Path) -> Iterator[tuple[Path, int]]:
    """The folders of this process's own control group and of those that it is in, and their version, 2 or 1.

    The root of a container is among them. There are none on other systems than Linux.
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
        above = [parent for parent in folder.parents if root in {parent, *parent.parents}]
        yield from ((one, 1 if controllers else 2) for one in (folder, *above))


def usable_cores() -> int:
    """Cores that this process can really use: the least of affinity, cgroup quota and PYTHON_CPU_COUNT.

    A quota of 1.5 cores counts as 1: a second worker would have to wait half of the time.
    """
    quota = quota_cores()
    return allowed_cores() if quota is None else max(1, min(allowed_cores(), int(quota)))


def allowed_cores() -> int:
    """Cores on which this process may run at the same time, whatever its quota: by affinity and PYTHON_CPU_COUNT."""
    asked = os.environ.get("PYTHON_CPU_COUNT", "")
    return max(1, min(affinity_cores(), int(asked))) if asked.isdigit() else affinity_cores()


def cores_to_race() -> int:
    """Numbers of workers up to this one may be the best for work that computes.

    A quota of 1.5 cores is worth a second worker for half of the time: one and two are both to be measured.
    """
    quota = quota_cores()
    return allowed_cores() if quota is None else max(1, min(allowed_cores(), math.ceil(quota)))


def gil_enabled() -> bool:
    """Whether one thread at a time runs Python code in this interpreter, as of now.

    An extension that does not declare support for free threading turns the GIL on when it is imported: ask after
    the workload's imports.
    """
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def gil_came_back() -> bool:
    """Whether this interpreter can do without a GIL, has one all the same, and nobody asked for it."""
    asked = "1" in (os.environ.get("PYTHON_GIL"), sys._xoptions.get("gil"))  # noqa: SLF001 - -X gil=1
    return "free-threading build" in sys.version and gil_enabled() and not asked


def compiles() -> bool:
    """Whether this interpreter compiles what is executed often, so that later executions are shorter."""
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
        counted = dict(line.split() for line in (folder / "cpu.stat").read_text().splitlines())
        return int(counted["throttled_usec"]) / 1e6 if version == 2 else int(counted["throttled_time"]) / 1e9
    except (OSError, ValueError, KeyError):
        return None
