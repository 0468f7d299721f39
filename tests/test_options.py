"""The declared options, and no others, are accepted, used, recorded and compared, on both sides."""

from __future__ import annotations

import argparse
import math
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from concbench import AdviseOptions, MeasureOptions, advise, load, measure
from concbench.cli import functions
from concbench.cli.main import main
from concbench.cli.options import as_flag, given_options
from concbench.declarations import Option
from concbench.errors import BadSetting, UsageError
from concbench.options import decided_by_race, declared_options, filled, make_options
from concbench.stats.intervals import FEWEST, MOST
from concbench.testing import SimulatedHosts
from concbench.values import SWITCH, excluded_names
from concbench.workloads.function.calling import CallForm

CLI_REFERENCE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"


def double(item: int) -> int:
    return 2 * item


async def double_later(item: int) -> int:
    return 2 * item


def doubled(expected: int, actual: int) -> bool:
    return expected == actual


OTHER: dict[str, tuple[str, Any]] = {
    "baseline": ("threads", "threads"), "timeout": ("20s", 20.0), "budget": ("5s", 5.0), "memory_limit": ("1GB", 10**9),
    "precision": ("50%", 0.5), "coroutine": ("app:later", double_later), "context": ("app:around", open),
    "check": ("app:same", doubled), "initializer": ("app:load", dict), "items": ("1..3", [1, 2, 3]),
    "python": (sys.executable, [sys.executable]), "gil": ("1", ["1"]),
    "env": ("MODE=fast,exact", {"MODE": ["fast", "exact"]}),
}  # fmt: skip
"""A text and a value of each option for which 50 is not valid."""
MEASURING = declared_options(MeasureOptions)


def other(name: str, option: Option) -> tuple[list[str], Any]:
    """An option as given on the command line, and its value, which is not the default."""
    if option.kind is SWITCH:
        return [as_flag(name, option)], not option.default
    text, value = OTHER.get(name, ("50", 50))
    return [as_flag(name, option), text], value


def arguments_for(name: str) -> dict[str, Any]:
    """A call of measure() in which an option can be given."""
    items: list[Any] = [(1,), (2,)] if name == "star" else [1, 2]
    return {} if name == "repeat" else {"items": items}


def one() -> int:
    return 1


def ask(name: str, hosts: SimulatedHosts, **options: Any) -> Any:
    function = one if name == "repeat" else double
    return measure(function, runners=["sequential", "threads"], hosts=hosts, seed=1, **arguments_for(name), **options)


def played(interrupted_at: int | None = None) -> SimulatedHosts:
    def seconds(label: str, number: int) -> float:
        if number == interrupted_at:
            raise KeyboardInterrupt
        return 1.0 + len(label) / 100 + number / 1000

    return SimulatedHosts(seconds)


@pytest.mark.parametrize("name", sorted({*MEASURING} - {"seed"}))
def test_an_option_is_recorded_and_a_run_does_not_go_on_with_another(name: str, tmp_path: Path) -> None:
    """The results file has it, and a difference is named; nothing is measured then."""
    option = MEASURING[name]
    _, value = other(name, option)
    ask(name, played(2), **{name: value}).save(tmp_path / "other.json")
    (table,) = load(tmp_path / "other.json").tables
    plain = getattr(value, "__qualname__", value)
    assert str(plain) in str(table.baseline if name == "baseline" else table.options[name])
    hosts = played()
    with pytest.raises(UsageError, match=rf"cannot resume that run: (\w+ of )?{name.replace('_', '-')} of "):
        ask(name, hosts, resume=ask(name, played(2)), **{name: value})
    assert hosts.order == []


def test_the_seed_is_recorded_with_the_run_and_compared() -> None:
    stopped = ask("seed", played(2))
    assert stopped.record.seed == 1
    with pytest.raises(UsageError, match="seed was 1 and is now 2"):
        measure(double, items=[1, 2], runners=["sequential", "threads"], hosts=played(), seed=2, resume=stopped)


@pytest.mark.parametrize(("command", "kind"), [("run", MeasureOptions), ("advise", AdviseOptions)])
def test_a_value_on_the_command_line_arrives(command: str, kind: Any) -> None:
    """Every option of one side is one of the other; an option that is not given stays open."""
    parser = argparse.ArgumentParser()
    functions.add_arguments(parser, kind)
    assert given_options(parser.parse_args([]), kind, functions.Items) == {}
    for name, option in functions.declarations(kind).items():
        written, value = other(name, option)
        arrived = given_options(parser.parse_args(written), kind, functions.Items)
        assert arrived == {name: value if not callable(value) and name != "items" else written[1]}


@pytest.mark.parametrize(("command", "kind"), [("run", MeasureOptions), ("advise", AdviseOptions)])
def test_help_and_reference_list_every_option_with_its_default(
    command: str, kind: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    helped = capsys.readouterr().out
    reference = CLI_REFERENCE.read_text("utf-8")
    section = reference.partition(f"\n## `concbench {command}`\n")[2].partition("\n## ")[0]
    for name, option in functions.declarations(kind).items():
        flag = as_flag(name, option)
        (line,) = re.findall(rf"^  {flag} .*$", helped, re.MULTILINE)
        assert re.search(rf"^\| `{flag}[` ]", section, re.MULTILINE), flag
        if option.kind is not SWITCH and option.default is not None:
            assert f"(default: {option.default:g}" in line


def accepted(call: Any) -> set[str]:
    """The names that a message of a function lists."""
    with pytest.raises(UsageError) as refused:
        call(double, items=[1], hosts=played(), no_such_option=1)
    return set(str(refused.value).partition(" has the options ")[2].partition(": ")[0].split(", "))


@pytest.mark.parametrize(("call", "kind"), [(measure, MeasureOptions), (advise, AdviseOptions)])
def test_what_is_declared_is_accepted(call: Any, kind: Any) -> None:
    assert accepted(call) == {*declared_options(kind)} == {*get_type_hints(kind)}


def test_what_a_race_decides_is_what_only_measuring_has() -> None:
    """Two parameters that are not options are such as well; each is refused on the command line as in Python."""
    assert {*decided_by_race()} == ({*MEASURING} - {*declared_options(AdviseOptions)}) | {"runners", "resume"}


@pytest.mark.parametrize("name", decided_by_race())
def test_what_a_race_decides_is_refused_as_each_side_writes_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """There is one sentence, in which the names of options differ."""
    flag = as_flag(name, MEASURING.get(name))
    assert main(["advise", "app:double", "--items", "1..3", flag, OTHER.get(name, ("5", 5))[0]]) == 2
    said = capsys.readouterr().err
    assert said.startswith("concbench: advise ")
    assert f" {flag}" in said
    asked: dict[str, Any] = {name: 5}
    with pytest.raises(BadSetting) as refused:
        advise(double, items=[1], hosts=played(), **asked)
    bare = re.sub("--|'|concbench: ", "", said).replace("-", "_").replace("concbench run", "measure").strip()
    assert bare.replace("runner:", "runners:").replace("out runner,", "out runners,") == str(refused.value).replace(
        "()", ""
    )


@pytest.mark.parametrize("name", sorted(MEASURING))
def test_what_excludes_each_other_is_refused_either_way_round(name: str) -> None:
    """Each side writes the names in its own way."""
    known = functions.declarations()
    for partner in excluded_names(name, known):
        both = {one: "1..3" if one == "items" else other(one, known[one])[1] for one in (name, partner)}
        with pytest.raises(BadSetting, match=r"exclude each other; leave out one of them") as refused:
            filled(both, as_flag, known)
        assert as_flag(name, known[name]) in str(refused.value)
        assert as_flag(partner, known[partner]) in str(refused.value)


@pytest.mark.parametrize("name", sorted(MEASURING))
def test_a_value_of_another_type_or_out_of_bounds_is_refused_by_name(name: str) -> None:
    """Not every user has a type checker; None counts as left out."""
    option = MEASURING[name]
    assert filled({name: None, "seed": 1}) == make_options(seed=1) or name == "seed"
    wrong: list[Any] = [object(), *([math.inf, math.nan] if float in option.kind.types else [])]
    low, high = option.bounds()
    for bound, beyond in ((low, -1), (high, 1)):
        if bound is not None:
            wrong += [bound + beyond, bound] if option.open else [bound + beyond]
    for value in wrong:
        with pytest.raises(BadSetting, match=f"^{name} must be "):
            filled({name: value})


@pytest.mark.parametrize("value", [-1, -(10**20)])
def test_bounds_of_a_kind_hold_in_python_as_well(value: int) -> None:
    with pytest.raises(BadSetting, match=f"seed must be 0 or more, not {value:,}"):
        filled({"seed": value})


def test_a_default_gives_way_to_what_excludes_it() -> None:
    assert (make_options().get("max_rounds"), make_options().get("budget")) == (30, 60.0)
    assert (make_options(rounds=5).get("max_rounds"), make_options(rounds=5).get("budget")) == (None, None)


def test_bounds_of_rounds_are_those_of_the_intervals() -> None:
    """The declarations do not import the intervals, which need numpy."""
    assert (MEASURING["max_rounds"].least, MEASURING["max_rounds"].most, MEASURING["rounds"].most) == (
        FEWEST,
        MOST,
        MOST,
    )


def test_options_of_functions_are_how_a_function_is_called() -> None:
    """Exceptions are the number of calls, which is the number of items, and the time limit of the import."""
    of_functions = {name for name, option in MEASURING.items() if option.of_function} - {"import_timeout"}
    assert of_functions - {"repeat"} == {field.name for field in fields(CallForm)} - {"arguments"}
    hints = get_type_hints(MeasureOptions)
    for name in of_functions - {"repeat", "coroutine", "context", "initializer", "check"}:  # texts here, places there
        assert get_args(hints[name]) == get_args(get_type_hints(CallForm)[name])
