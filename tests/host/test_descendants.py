"""Processes that belong to a measuring process: no other process is ever ended with it."""

from concbench.host.descendants import owned_processes


def test_without_a_group_only_the_mark_counts() -> None:
    """A process whose group leader is invisible here has the group number 0, as threads of the kernel do."""
    assert list(owned_processes(0, "0123456789abcdef")) == []
