"""The number of cores, by every account that counts, and the module that has turned on the GIL."""

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
    """The control groups are of version 2."""
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    _write(proc / "self" / "cgroup", "0::/a/b\n")
    _write(groups / "a" / "b" / "cpu.max", own + "\n")
    _write(groups / "a" / "cpu.max", parent + "\n")
    assert machine.quota_cores(proc, groups) == cores


def test_a_quota_of_version_one_is_read_from_its_own_hierarchy(tmp_path: Path) -> None:
    """-1 means no limit."""
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    _write(proc / "self" / "cgroup", "4:memory:/x\n2:cpu,cpuacct:/job\n")
    _write(groups / "cpu" / "job" / "cpu.cfs_quota_us", "100000\n")
    _write(groups / "cpu" / "job" / "cpu.cfs_period_us", "100000\n")
    _write(groups / "cpu" / "cpu.cfs_quota_us", "-1\n")
    _write(groups / "cpu" / "cpu.cfs_period_us", "100000\n")
    assert machine.quota_cores(proc, groups) == 1.0


@pytest.mark.parametrize(
    ("line", "root", "limit", "counted"),
    [
        ("0::/a/b", "", {"cpu.max": "150000 100000"}, "nr_periods 9\nnr_throttled 4\nthrottled_usec {0}000000\n"),
        (
            "2:cpu,cpuacct:/a/b", "cpu", {"cpu.cfs_quota_us": "150000", "cpu.cfs_period_us": "100000"},
            "nr_periods 9\nnr_throttled 4\nthrottled_time {0}000000000\n",
        ),
    ],
)  # fmt: skip
def test_what_a_quota_keeps_from_running_is_added_up_on_the_way_up(
    line: str, root: str, limit: dict[str, str], counted: str, tmp_path: Path
) -> None:
    """Groups with a quota count, in both versions; without a quota there is nothing to count."""
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    _write(proc / "self" / "cgroup", line + "\n")
    for folder, seconds in (("a/b", 2), ("a", 3), (".", 5)):
        _write(groups / root / folder / "cpu.stat", counted.format(seconds))
    assert machine.throttled_seconds(proc, groups) is None
    for name, text in limit.items():
        _write(groups / root / "a" / name, text)
    assert machine.throttled_seconds(proc, groups) == 3.0
    assert machine.quota_cores(proc, groups) == 1.5
    for name, text in limit.items():
        _write(groups / root / name, text)
    assert machine.throttled_seconds(proc, groups) == 8.0


def test_no_control_groups_are_no_quota(tmp_path: Path) -> None:
    """Other systems than Linux have none."""
    assert machine.quota_cores(tmp_path, tmp_path) is None
    assert machine.throttled_seconds(tmp_path, tmp_path) is None


def test_the_least_of_all_accounts_is_usable_and_never_less_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The accounts are affinity, quota and PYTHON_CPU_COUNT."""
    monkeypatch.setattr(machine, "affinity_cores", lambda: 8)
    monkeypatch.setattr(machine, "quota_cores", lambda: 3.7)
    monkeypatch.delenv("PYTHON_CPU_COUNT", raising=False)
    assert machine.usable_cores() == 3
    monkeypatch.setenv("PYTHON_CPU_COUNT", "2")
    assert machine.usable_cores() == 2
    monkeypatch.setattr(machine, "quota_cores", lambda: 0.5)
    assert machine.usable_cores() == 1
