"""CPU time of this process and of the children that it has reaped."""


def cpu_seconds() -> float | None:
    """User and system seconds so far, or None where the system does not tell (Windows).

    A child counts once it has been waited for, so workers must be stopped before this is read; those of a fork server
    are that server's children and never count here.
    """
    try:
        import resource
    except ImportError:
        return None
    readings = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(reading.ru_utime + reading.ru_stime for reading in readings)
