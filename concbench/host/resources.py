"""Resource use of this process and its reaped children, and its limit on open files."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


_MORE_DESCRIPTORS = 16


def cpu_seconds() -> float | None:
    """User and system CPU seconds so far; None where the system does not report them (Windows).

    A child counts after it has been waited for, so workers must be stopped before this is read. Workers of a fork
    server are children of that server, and never count here.
    """
    if resource is None:
        return None
    return sum(reading.ru_utime + reading.ru_stime for reading in _readings())


def own_memory(proc: Path = Path("/proc")) -> dict[str, float]:
    """The proportional set size of this process as `process_bytes`; empty if it is unknown."""
    with suppress(OSError, ValueError):
        for line in (proc / "self" / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return {"process_bytes": 1024.0 * int(line.split()[1])}
    return {}


def allow_more_descriptors() -> None:
    """Let this process open a few more files, so that it can answer and save results if the work has used up all."""
    if resource is not None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        limit = soft + _MORE_DESCRIPTORS
        with suppress(ValueError, OSError):  # the hard limit is reached
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit if 0 <= hard < limit else hard))


def counters() -> dict[str, int]:
    """Context switches and page faults so far, of the same processes as CPU time; empty where unavailable."""
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
