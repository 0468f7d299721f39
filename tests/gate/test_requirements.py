"""How requirements are written, which contradict each other, and how an interval decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concbench.errors import BadSetting
from concbench.requirements import FAILED, PASSED, UNDECIDED, Requirement, require_consistent
from concbench.stats.intervals import Interval

KINDS = ("at_least", "at_most", "same_as", "memory")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("thread-pool:2 >= 1.5x", Requirement("thread-pool:2", "at_least", 1.5)),
        ("thread-pool:2>=1.5", Requirement("thread-pool:2", "at_least", 1.5)),
        ("  asyncio:8  <= 2 x ", Requirement("asyncio:8", "at_most", 2.0)),
        ("threads same as thread-pool:4", Requirement("threads", "same_as", 0.05, "thread-pool:4")),
        ("threads same as thread-pool:4 within 10%", Requirement("threads", "same_as", 0.1, "thread-pool:4")),
        ("memory thread-pool:8 <= 500MB", Requirement("thread-pool:8", "memory", 500_000_000)),
        (
            "process-pool:workers=2,start_method=spawn >= 1.1x",
            Requirement("process-pool:workers=2,start_method=spawn", "at_least", 1.1),
        ),
    ],
)
def test_a_text_is_read_and_its_own_text_reads_back(text: str, meant: Requirement) -> None:
    """Spaces do not matter."""
    assert Requirement.read(text) == meant
    assert Requirement.read(str(meant)) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "write it like"),
        ("thread-pool:2", "write it like"),
        ("thread-pool:2 > 1.5x", "write it like"),
        ("thread-pool:2 >= fast", "write it like"),
        ("thread-pool:2 >= -1x", "write it like"),
        ("thread-pool:2 >= 0x", "more than 0"),
        ("threads same as sequential within a bit", "'a bit' is not a share"),
        ("threads same as sequential within 0%", "more than 0"),
        ("memory threads <= much", "'much' is not a size"),
    ],
)
def test_a_text_of_another_form_is_answered_with_the_forms_that_there_are(text: str, said: str) -> None:
    """There is one line."""
    with pytest.raises(BadSetting) as refused:
        Requirement.read(text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_arguments_make_the_same_requirements_as_texts() -> None:
    """Each argument makes one requirement; a size and a share may be texts."""
    made = Requirement.of("threads", at_least=1.5, at_most=3, same_as="thread-pool:2", within="10%", memory="1GB")
    assert [str(one) for one in made] == [
        "threads >= 1.5x", "threads <= 3x", "threads same as thread-pool:2 within 10%", "memory threads <= 1000MB",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "give at_least, at_most, same_as or memory"),
        ({"at_least": "1.5"}, "at_least must be a number such as 1.5, not '1.5'"),
        ({"at_least": float("nan")}, "at_least must be a number"),
        ({"at_most": True}, "at_most must be a number"),
        ({"at_least": 0}, "more than 0"),
        ({"within": 0.1}, "within needs same_as"),
        ({"same_as": 2}, "same_as must be a string"),
        ({"memory": "much"}, "memory: 'much' is not a size"),
        ({"memory": -1}, "more than 0"),
        ({"same_as": "threads", "within": None, "memory": object()}, "memory must be a size"),
    ],
)
def test_arguments_that_cannot_be_are_answered_in_one_line(arguments: dict[str, object], said: str) -> None:
    """The line says which argument, and what to give."""
    with pytest.raises(BadSetting, match=said):
        Requirement.of("thread-pool:2", **arguments)  # type: ignore[arg-type] # that is the point


def test_what_nothing_can_satisfy_is_a_contradiction_and_what_something_can_is_none() -> None:
    """Contradictions concern one runner against one other."""
    least, most = Requirement.read("threads >= 2x"), Requirement.read("threads <= 1.5x")
    with pytest.raises(BadSetting, match=r"'threads >= 2x' and 'threads <= 1.5x' contradict each other"):
        require_consistent([least, most])
    require_consistent([least, Requirement.read("threads <= 2x"), Requirement.read("thread-pool:2 <= 1.5x")])
    require_consistent([least, Requirement.read("threads same as thread-pool:2")])


@given(
    st.sampled_from(KINDS[:3]),
    st.floats(0.01, 100),
    st.floats(0.01, 100),
    st.floats(1.0, 3.0),
)
def test_the_whole_interval_decides(kind: str, bound: float, low: float, factor: float) -> None:
    """Passed: all of it is allowed. Failed: none of it is. Undecided: some of it is."""
    requirement = Requirement("threads", kind, bound, "sequential")  # type: ignore[arg-type] # one of those
    least, most = requirement.allowed
    inside = [least <= ratio <= most for ratio in (low, low * factor)]
    spans = low < least and low * factor > most
    decided = requirement.decide(Interval(low, low, low * factor))
    assert decided == (PASSED if all(inside) else UNDECIDED if any(inside) or spans else FAILED)
    assert requirement.decide(None) == UNDECIDED
