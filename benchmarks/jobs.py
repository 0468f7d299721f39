"""The work of the benchmarks: every job once, as concbench and as a script receive it. Imported only.

A new job is one entry of `JOBS`; if it calls a user's function, that is a few lines in `standalone/`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path
from typing import Any, Protocol

from concbench import Download, Primes, Workload

try:
    from concbench.harness.preparation.probe import named_workload
    from concbench.workloads.download.images import image
    from concbench.workloads.function.calling import CallForm
    from concbench.workloads.function.item_source import ItemSource
    from concbench.workloads.function.lookup import ObjectPath
except ImportError:  # another version, whose modules are not in rooms
    from concbench.harness.probe import named_workload
    from concbench.workloads.how import How as CallForm
    from concbench.workloads.images import image
    from concbench.workloads.item_source import ItemSource
    from concbench.workloads.loading import Place as ObjectPath

SCRIPTS = Path(__file__).parent / "standalone"


class Job(Protocol):
    """A kind of work. Each measurement has a directory for the files of both sides."""

    script: str
    """The module in `standalone/` that does it by hand."""

    def workload(self, directory: Path) -> Workload:
        """The workload for concbench."""
        ...

    def arguments(self, running: Workload, directory: Path, own: Path) -> list[str]:
        """The arguments of the script after the way; `own` is a directory of this process alone."""
        ...

    def check(self, running: Workload, directory: Path) -> str:
        """The checksum that the script must give, computed without it."""
        ...


@dataclass(frozen=True)
class PrimesJob:
    """Primes in the quick size."""

    script: str = "primes"

    def workload(self, directory: Path) -> Workload:
        del directory
        return Primes()

    def arguments(self, running: Workload, directory: Path, own: Path) -> list[str]:
        del directory, own
        return [",".join(map(str, running.items))]

    def check(self, running: Workload, directory: Path) -> str:
        del directory
        assert running.expected is not None
        return sha256(",".join(f"{product:x}" for product in running.expected).encode()).hexdigest()


@dataclass(frozen=True)
class DownloadJob:
    """Downloads in the quick size; both sides download from the same server."""

    script: str = "download"

    def workload(self, directory: Path) -> Workload:
        del directory
        return Download(images=24, latency=0.020)

    def arguments(self, running: Workload, directory: Path, own: Path) -> list[str]:
        addresses = directory / "addresses.txt"
        addresses.write_text("".join(f"{image.url}\n" for image in running.items), encoding="utf-8")
        return [str(addresses), str(own)]

    def check(self, running: Workload, directory: Path) -> str:
        del directory
        assert isinstance(running, Download)
        check = sha256()
        for name, index in sorted((name, index) for index, name in enumerate(running.names)):
            check.update(name.encode())
            check.update(image(index, running.image_size))
        return check.hexdigest()


@dataclass(frozen=True)
class CallsJob:
    """Calls of a user's function, in a module of `standalone/` that both sides import."""

    module: str
    function: str
    items: str | Callable[[Path], Path]
    """A function of the module, or a writer of the items as a text file, one a line, into a directory."""
    script: str = "calls"

    def place(self) -> str:
        """The function as named on concbench's command line."""
        return f"{SCRIPTS / self.module}.py:{self.function}"

    def where(self, directory: Path) -> str:
        """The items as named on concbench's command line."""
        return f"{SCRIPTS / self.module}.py:{self.items}" if isinstance(self.items, str) else str(self.items(directory))

    def workload(self, directory: Path) -> Workload:
        return named_workload(ObjectPath.read(self.place()), CallForm(), ItemSource(self.where(directory)))

    def arguments(self, running: Workload, directory: Path, own: Path) -> list[str]:
        del running, own
        items = self.items if isinstance(self.items, str) else str(self.items(directory))
        return [f"{self.module}:{self.function}", items]

    def check(self, running: Workload, directory: Path) -> str:
        del running
        module = run_path(str(SCRIPTS / f"{self.module}.py"))
        items: Iterable[Any] = (
            module[self.items]() if isinstance(self.items, str) else self.items(directory).read_text().splitlines()
        )
        check: str = run_path(str(SCRIPTS / "calls.py"))["check_of"](map(module[self.function], items))
        return check


def tables(count: int, rows: int) -> Callable[[Path], Path]:
    """Write `count` CSV files of numbers, which are always the same."""

    def write(directory: Path) -> Path:
        listing = directory / "tables.txt"
        if not listing.exists():
            listing.write_text("".join(f"{write_table(directory, number)}\n" for number in range(count)))
        return listing

    def write_table(directory: Path, number: int) -> Path:
        drawn = random.Random(number)
        lines = (",".join(f"{drawn.random():.6f}" for _ in range(4)) for _ in range(rows))
        path = directory / f"table-{number}.csv"
        path.write_text("\n".join(["north,east,south,west", *lines, ""]))
        return path

    return write


CALLS = {
    "large-results": CallsJob("objects", "large_result", "keys"),
    "large-items": CallsJob("objects", "fingerprint", "blocks"),
    "small-objects": CallsJob("objects", "records", "firsts"),
    "arrays": CallsJob("arrays", "smooth", "signals"),
    "csv": CallsJob("objects", "columns", tables(12, 5_000)),
    **({"pandas": CallsJob("frames", "frame", tables(12, 30_000))} if find_spec("pandas") else {}),
}
JOBS: dict[str, Job] = {"primes": PrimesJob(), "download": DownloadJob(), **CALLS}
