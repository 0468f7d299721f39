"""How many cores there are, by every account that counts."""

from pathlib import Path

import pytest

from concbench import machine


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("own", "parent", "cores"),
    [("max 100000", "max 100000", None), ("50000 100000", "max 100000", 0.5), ("200000 100000", "150000 100000", 1.5)],
)
def test_the_tightest_quota_on_the_way_up_counts(own: str, parent: str, cores: float | None, tmp_path: Path) -> None:
    """Control groups, version 2."""
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    _write(proc / "self" / "cgroup", "0::/a/b\n")
    _write(groups / "a" / "b" / "cpu.max", own + "\n")
    _write(groups / "a" / "cpu.max", parent + "\n")
    assert machine.quota_cores(proc, groups) == cores


def test_a_quota_of_version_one_is_read_from_its_own_hierarchy(tmp_path: Path) -> None:
    """-1 is no limit."""
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    _write(proc / "self" / "cgroup", "4:memory:/x\n2:cpu,cpuacct:/job\n")
    _write(groups / "cpu" / "job" / "cpu.cfs_quota_us", "100000\n")
    _write(groups / "cpu" / "job" / "cpu.cfs_period_us", "100000\n")
    _write(groups / "cpu" / "cpu.cfs_quota_us", "-1\n")
    _write(groups / "cpu" / "cpu.cfs_period_us", "100000\n")
    assert machine.quota_cores(proc, groups) == 1.0


def test_no_control_groups_are_no_quota(tmp_path: Path) -> None:
    """As on other systems than Linux."""
    assert machine.quota_cores(tmp_path, tmp_path) is None


def test_the_least_of_all_accounts_is_usable_and_never_less_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Affinity, quota, PYTHON_CPU_COUNT."""
    monkeypatch.setattr(machine, "affinity_cores", lambda: 8)
    monkeypatch.setattr(machine, "quota_cores", lambda: 3.7)
    monkeypatch.delenv("PYTHON_CPU_COUNT", raising=False)
    assert machine.usable_cores() == 3
    monkeypatch.setenv("PYTHON_CPU_COUNT", "2")
    assert machine.usable_cores() == 2
    monkeypatch.setattr(machine, "quota_cores", lambda: 0.5)
    assert machine.usable_cores() == 1
