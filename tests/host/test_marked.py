"""Who belongs to a measuring process: nobody else is ever ended with it."""

from concbench.host.marked import belonging


def test_without_a_group_only_the_mark_counts() -> None:
    """Processes whose group's leader cannot be seen from here have the number 0 for it, as threads of the kernel do."""
    assert list(belonging(0, "0123456789abcdef")) == []
