"""The module that turned the GIL on is named, from the warning that CPython gives at its import."""

from __future__ import annotations

import warnings

import pytest

from concbench.host import gil
from concbench.host.gil import GilWatch

SAID = (
    "The global interpreter lock (GIL) has been enabled to load module 'parser._speedups', which has not declared "
    "that it can run safely without the GIL."
)


def watched(monkeypatch: pytest.MonkeyPatch, before: bool, after: bool, say: str = "") -> list[str]:
    """The modules that are found, given the state of the GIL before and after."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(gil, "gil_enabled", lambda: before)
    watch = GilWatch()
    if say:
        warnings.warn(say, RuntimeWarning, stacklevel=1)
    monkeypatch.setattr(gil, "gil_enabled", lambda: after)
    return watch.enabling_modules()


def test_it_is_named_and_the_warning_is_shown_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(RuntimeWarning, match="has been enabled"):
        assert watched(monkeypatch, False, True, SAID) == ["parser._speedups"]


@pytest.mark.filterwarnings("ignore:The global interpreter lock")
def test_one_of_which_no_warning_tells_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watched(monkeypatch, False, True, SAID) == [gil.UNNAMED_MODULE]


def test_nothing_is_said_where_there_was_a_gil_or_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = warnings.showwarning
    assert watched(monkeypatch, True, True) == []
    assert warnings.showwarning is shown
    assert watched(monkeypatch, False, False) == []
