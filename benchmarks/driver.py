"""A measuring process that takes a sample for each line that it reads, like the scripts in `standalone/`.

    python -c "import driver; driver.main()" JOB RUNNER

`overhead.py` and `checking.py` take our samples through this file; `overhead.py --against` starts it with one version
of concbench on the import path and with another. So it uses only what both have. It has no budget of its own.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs import JOBS
from pairs import Measure, serve

from concbench import Workload

try:
    from concbench.harness.hosts.launcher import ProcessHosts
    from concbench.harness.planning.runner_specs import PlannedCell, parse
    from concbench.options import make_options
except ImportError:  # another version, whose modules are not in rooms
    from concbench.harness.process_hosts import ProcessHosts
    from concbench.harness.runner_specs import PlannedCell, parse

    try:
        from concbench.options import chosen as make_options
    except ImportError:  # one whose options were an object
        from concbench.harness.plan import Options as make_options  # noqa: N813

OPTIONS = make_options(timeout=120.0)


@contextmanager
def sampled(running: Workload, planned: PlannedCell, directory: Path) -> Iterator[Measure]:
    """Samples as concbench takes them by default, after its preparation."""
    hosts = ProcessHosts()
    checks_elsewhere = hasattr(hosts, "check_host")
    if running.expected is None and checks_elsewhere:
        with hosts.check_host(running, parse("sequential"), directory, OPTIONS) as check:
            check.prepare()
            running = running.knowing(check.reference())
    with hosts.host(running, planned, directory, OPTIONS) as host:
        host.prepare()
        if running.expected is None and not checks_elsewhere:  # 0.1.0
            host.reference()
            host.sample(compare=True)
        yield lambda: (host.sample() if checks_elsewhere else host.sample(compare=False)).seconds


def main() -> None:
    """Take a sample for each line of standard input."""
    job, spec = sys.argv[1:]
    with (
        tempfile.TemporaryDirectory() as name,
        JOBS[job].workload(Path(name)).running(name) as running,
        sampled(running, parse(spec), Path(name)) as seconds,
    ):
        serve(seconds)
