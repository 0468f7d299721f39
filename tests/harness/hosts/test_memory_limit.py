"""The free memory is that of the tightest control group, whose file cache counts as free."""

import os
from pathlib import Path

import psutil
import pytest

from concbench.harness.hosts.memory_limit import MemoryLimit, available_bytes, most_processes

MB = 1_000_000


def group(folder: Path, limit: str, used: int, cache: int, *, version: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    for name, value in zip(names, (limit, str(used)), strict=True):
        (folder / name).write_text(f"{value}\n")
    key = "inactive_file" if version == 2 else "total_inactive_file"
    (folder / "memory.stat").write_text(f"anon 5\n{key} {cache}\n")


@pytest.mark.parametrize(("version", "line"), [(2, "0::/a/b"), (1, "4:memory:/a/b")])
def test_the_tightest_group_counts_with_its_cache(tmp_path: Path, version: int, line: str) -> None:
    """This holds for both versions, and for the root of a container."""
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "cgroup").write_text(f"{line}\n")
    root = tmp_path / "groups" if version == 2 else tmp_path / "groups" / "memory"
    group(root / "a" / "b", "max" if version == 2 else str(2**62), 10 * MB, 0, version=version)
    group(root / "a", str(100 * MB), 80 * MB, 30 * MB, version=version)
    group(root, str(60 * MB), 20 * MB, 5 * MB, version=version)
    assert available_bytes(tmp_path, tmp_path / "groups") == 45 * MB
    (root / "memory.stat").unlink()
    assert available_bytes(tmp_path, tmp_path / "groups") == 50 * MB


def test_without_groups_it_is_what_the_machine_has(tmp_path: Path) -> None:
    """The value may vary with other programs."""
    assert available_bytes(tmp_path, tmp_path) == pytest.approx(psutil.virtual_memory().available, rel=0.2)


def test_processes_that_fit_are_those_that_a_cell_may_have() -> None:
    """The number follows from the memory that one adds; an explicit limit is the limit."""
    assert most_processes(100 * MB, 1000 * MB) == 10
    assert most_processes(300 * MB, 1000 * MB) == 3
    assert most_processes(2000 * MB, 1000 * MB) == 0
    assert most_processes(1.0) == pytest.approx(max(100 * MB, 0.8 * psutil.virtual_memory().available), rel=0.3)


def test_a_limit_is_never_smaller_than_a_measuring_process() -> None:
    """The message says where the limit comes from."""
    given, own = MemoryLimit(os.getpid(), 300 * MB), MemoryLimit(os.getpid(), None)
    assert (given.limit, given.source) == (300 * MB, "--memory-limit")
    assert own.limit >= 100 * MB
    assert "80 %" in own.source
    assert given.exceeding_bytes() is None
