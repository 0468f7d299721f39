"""CPU time of this process and of the children that it has reaped, and how many files it may open."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


_MORE_DESCRIPTORS = 16


def cpu_seconds() -> float | None:
    """User and system seconds so far, or None where the system does not tell (Windows).

    A child counts once it has been waited for, so workers must be stopped before this is read; those of a fork server
    are that server's children and never count here.
    """
    if resource is None:
        return None
    return sum(reading.ru_utime + reading.ru_stime for reading in _readings())


def own_memory(proc: Path = Path("/proc")) -> dict[str, float]:
    """What this process has in memory, with its share of shared pages: `process_bytes`; empty if nobody knows."""
    with suppress(OSError, ValueError):
        for line in (proc / "self" / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return {"process_bytes": 1024.0 * int(line.split()[1])}
    return {}


def allow_more_descriptors() -> None:
    """Let this process open a few more files, to say and save what it must though the work has taken all."""
    if resource is not None:
        most, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        more = most + _MORE_DESCRIPTORS
        with suppress(ValueError, OSError):  # it may not, if it has all that it can have
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, more if 0 <= hard < more else hard))


def counters() -> dict[str, int]:
    """Context switches and page faults so far, counted as CPU time is; empty where the system does not tell."""
    if resource is None:
        return {}
    readings = _readings()
    return {
        "voluntary_switches": sum(reading.ru_nvcsw for reading in readings),
        "involuntary_switches": sum(reading.ru_nivcsw for reading in readings),
        "page_faults": sum(reading.ru_minflt + reading.ru_majflt for reading in readings),
    }


def _readings() -> list[resource.struct_rusage]:
    return [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
