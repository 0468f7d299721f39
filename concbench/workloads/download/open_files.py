"""Room for as many connections as are needed: each is an open file, and the usual limit is 1,024."""

_SPARE = 200
"""Files that a process may have open beside its connections, generously."""


def allow_open_files(connections: int) -> None:
    """Raise this process's own soft limit as far as it is allowed to, if the connections would not fit."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + _SPARE
    if soft != resource.RLIM_INFINITY and soft < needed:
        allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
