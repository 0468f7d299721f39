"""The typed options and what is done with them: a name that one side has and the other has not would be ignored."""

from dataclasses import fields
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest

from concbench import AdviseOptions, MeasureOptions, advise, measure
from concbench.errors import UsageError
from concbench.harness.plan import Options
from concbench.testing import SimulatedHosts
from concbench.workloads.how import How

OF_A_PLAN = {field.name for field in fields(Options)}
OF_A_FUNCTION = {field.name for field in fields(How)} - {"arguments"}  # that follows from the items
DECIDED_BY_THE_RACE = {"baseline", "precision", "rounds"}


def double(item: int) -> int:
    return 2 * item


def accepted(ask: Any) -> set[str]:
    """The names that a message of a function lists."""
    with pytest.raises(UsageError) as refused:
        ask(double, items=[1], hosts=SimulatedHosts(lambda *_: 0.01), no_such_option=1)
    return set(str(refused.value).partition(" has the options ")[2].partition(": ")[0].split(", "))


@pytest.mark.parametrize(
    ("ask", "typed", "used"),
    [
        (measure, MeasureOptions, OF_A_PLAN | OF_A_FUNCTION | {"repeat"}),
        (advise, AdviseOptions, (OF_A_PLAN | OF_A_FUNCTION | {"repeat"}) - DECIDED_BY_THE_RACE),
    ],
)
def test_what_is_typed_is_accepted_and_what_is_accepted_is_used(ask: Any, typed: Any, used: set[str]) -> None:
    assert set(get_type_hints(typed)) == accepted(ask) == used


@pytest.mark.parametrize("typed", [MeasureOptions, AdviseOptions])
def test_an_option_has_the_type_of_the_field_that_it_becomes(typed: Any) -> None:
    """None is allowed where it stands for what is drawn or decided later."""
    becomes = {**get_type_hints(How), **get_type_hints(Options)}
    named = {"coroutine", "context", "check"}  # texts here, places there
    for name, kind in get_type_hints(typed).items():
        if name not in named | {"repeat"}:
            assert {*kinds(kind), NoneType} == {*kinds(becomes[name]), NoneType}, name


def kinds(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) or (hint,)
