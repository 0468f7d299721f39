"""The number of executions that fit into the allowed calls."""

from hypothesis import given
from hypothesis import strategies as st

from concbench.harness.calls import CallCounter


@given(st.integers(1, 50), st.integers(1, 1_000), st.integers(0, 30))
def test_what_is_left_is_just_what_is_allowed(tasks: int, most: int, done: int) -> None:
    """An execution calls every item, so a part of one never fits."""
    calls = CallCounter(tasks, most)
    calls.count(done)
    left = calls.remaining()
    assert left is not None
    assert calls.allows(left)
    assert not calls.allows(left + 1)
    assert 0 <= most - (done + left) * tasks < tasks


def test_without_a_limit_everything_is_allowed() -> None:
    """This holds for any number."""
    calls = CallCounter(10, None)
    calls.count(10**9)
    assert calls.remaining() is None
    assert calls.allows(10**9)
