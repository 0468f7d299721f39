"""The options of `measure()`, `advise()` and the command line, each declared only here.

The types are for `Unpack`, so that a type checker rejects any other name. The `Option` of each is read on demand. It
defines the arguments of the command line, the check of a value, the default, and the line of help. It also decides
what is recorded with the results, and compared when a run is resumed. None, where allowed, is the same as leaving an
option out.

This module uses only a small part of the standard library, since `from concbench import measure` imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, TypedDict, TypeVar, Unpack, get_type_hints

from concbench.declarations import GILS, PLACE, PYTHONS, RUNNER, VARIABLES, Option
from concbench.values import (
    COUNT,
    DURATION,
    NATURAL,
    SHARE,
    SIZE,
    SWITCH,
    exclusions,
    require_together,
)  # fmt: skip

T = TypeVar("T")

LEAST_MEMORY = 100_000_000
"""Least memory limit in bytes; a measuring process alone takes some 20 MB."""
IMPORT_SECONDS = 300.0
"""Default seconds that a process may take to import the function and to read its items."""
IMPORT_SHARE = 0.6
"""Share of the budget of `advise` that may be used up before the first call, since every process has to import."""


Write = Callable[[str, Option | None], str]
"""Writes the name of an option as a keyword or a flag; None in place of the Option of an undeclared parameter."""


class _Options(TypedDict, total=False):
    """The options that `measure()` and `advise()` share."""

    max_rounds: Annotated[
        int | None,
        Option(
            COUNT, "a runner stops at its verdict, or undecided after N rounds", default=30, least=3, most=100,
            because="three are the least that an interval needs",
        ),
    ]  # fmt: skip
    """Most rounds, 3 to 100; a runner without a verdict by then stays undecided."""
    budget: Annotated[
        float | None,
        Option(
            DURATION, "time for each workload, or for all of advise; run always takes at least three rounds; "
            "8s for each workload of 'concbench' alone",
            default=60.0, open=True,
        ),
    ]  # fmt: skip
    """Seconds for each workload, or for everything that `advise` does. No further round begins after that; `measure`
    always takes at least three."""
    warm: Annotated[
        bool,
        Option(SWITCH, "keep workers and connections between rounds, and time only the work", default=False),
    ]
    """Whether to keep workers and connections from round to round, and time only the work."""
    fresh: Annotated[
        bool | None,
        Option(
            SWITCH,
            "take every sample in a new process, so that caches and connections that the function keeps are cold",
            otherwise="if the function turns out to keep state",
            opposite="keep one process for each runner, whatever the function keeps in it",
            excludes=("warm",), isolates=True,
        ),
    ]  # fmt: skip
    """Whether every execution is in a new measuring process, so that state of the function is cold; False: one process
    for each runner is kept. None: new ones if the function is found to keep such state."""
    observe: Annotated[
        bool, Option(SWITCH, "skip the observed pass, which measures start-up, cores and memory", default=True)
    ]
    """Whether to make an observed pass of each runner, with every task recorded."""
    seed: Annotated[
        int | None,
        Option(NATURAL, "seed of all random choices, such as the order of the rounds", otherwise="random, printed",
               apart=True),
    ]  # fmt: skip
    """Seed of all randomness: the order of the runners in each round, and the hashes of texts. None: a random seed; it
    is recorded."""
    timeout: Annotated[
        float | None,
        Option(
            DURATION, "time limit for one execution of a runner",
            otherwise="20 times the time of the baseline, at least 10s",
            open=True, isolates=True,
        ),
    ]  # fmt: skip
    """Most seconds of one execution. None: 20 times the baseline's first execution, but at least 10."""
    import_timeout: Annotated[
        float | None,
        Option(
            DURATION, "time limit for importing the function and reading its items",
            otherwise=f"{IMPORT_SECONDS:g}s", least=0, open=True,
            isolates=True, of_function=True,
        ),
    ]  # fmt: skip
    """For a function: most seconds that a process may take to import it and to load its items. None: 300."""
    memory_limit: Annotated[
        int | None,
        Option(
            SIZE, "memory limit for all processes of a runner together", otherwise="80% of the available memory",
            least=LEAST_MEMORY, isolates=True,
        ),
    ]  # fmt: skip
    """Bytes that all processes of a runner may use together. None: 80 % of what is available."""
    max_calls: Annotated[int | None, Option(COUNT, "call the function at most N times in all")]
    """Most calls of the function. None: no limit."""
    coroutine: Annotated[
        str | Callable[..., Any] | None,
        Option(PLACE, "the coroutine function that does the same, for asyncio", of_function=True),
    ]
    """For a function: its twin as a coroutine function, for asyncio, or the place of it (`"app:fetch_later"`)."""
    context: Annotated[
        str | Callable[..., Any] | None,
        Option(
            PLACE, "makes a context manager that is entered around every execution, off the clock", of_function=True
        ),
    ]
    """For a function: returns a context manager that is entered around every execution, untimed; called with the number
    of workers if it takes an argument."""
    initializer: Annotated[
        str | Callable[[], Any] | None,
        Option(PLACE, "called once in each worker before its first task, on the clock", of_function=True),
    ]
    """For a function: called without arguments in each worker before its first task, timed; once in the thread of
    `sequential`, and once in the thread of an event loop."""
    check: Annotated[
        str | Callable[[Any, Any], Any] | None,
        Option(
            PLACE, "called with an expected and an actual result; returns whether the actual one is right",
            otherwise="equality",
            of_function=True, excludes=("compare",),
        ),
    ]  # fmt: skip
    """For a function: called with an expected and an actual result; returns whether the actual one is right."""
    compare: Annotated[bool, Option(SWITCH, "do not compare results", default=True, flag="check", of_function=True)]
    """For a function: whether its results are compared at all."""
    star: Annotated[
        bool,
        Option(SWITCH, "unpack each item into several arguments", default=False, needs="items", of_function=True),
    ]
    """For a function: whether each item is unpacked into several arguments."""
    tolerate: Annotated[
        bool,
        Option(
            SWITCH, "count exceptions as results", default=False,
            of_function=True,
        ),
    ]  # fmt: skip
    """For a function: whether exceptions are results like any other, and are counted."""
    max_workers: Annotated[int | None, Option(COUNT, "at most N calls at once", of_function=True)]
    """For a function: most calls at once. None: 10 if items are addresses of other machines, else any number."""
    repeat: Annotated[
        int | None,
        Option(
            COUNT, "without items: N calls per execution", otherwise="1", excludes=("items",),
            of_function=True,
        ),
    ]  # fmt: skip
    """For a function without items: calls in an execution. None: one."""
    python: Annotated[
        Sequence[str] | None,
        Option(
            PYTHONS, "measure under each of these interpreters: a path, a name on the PATH, or the directory of a "
            "virtual environment", otherwise="the current one", isolates=True,
        ),
    ]  # fmt: skip
    """Interpreters to measure every runner under: paths, names on the PATH, or directories of virtual environments.
    None: the current one."""
    gil: Annotated[
        Sequence[str | int] | None,
        Option(
            GILS, "measure free-threaded builds without the GIL, with it, or both", otherwise="as each starts",
            isolates=True,
        ),
    ]  # fmt: skip
    """For free-threaded builds: [0] without the GIL, [1] with it, [0, 1] both. None: as each starts."""
    env: Annotated[
        Mapping[str, Sequence[str]] | None,
        Option(
            VARIABLES, "measure with each of these values of an environment variable; repeatable", isolates=True,

        ),
    ]  # fmt: skip
    """Environment variables with their values; every runner is measured under each combination of values."""


class MeasureOptions(_Options, total=False):
    """The options of `measure()`."""

    baseline: Annotated[
        str | None,
        Option(
            RUNNER, "compare with this runner; of several interpreters with the first, or write RUNNER@VARIANT",
            otherwise="sequential if it takes part, else the first",
            race="compares with sequential: leave out {baseline}", apart=True,
        ),
    ]  # fmt: skip
    """The runner that the others are compared with, as on the command line. None: `sequential` if it takes part, else
    the first. With several interpreters, it is the cell of the first, unless one is named: `sequential@3.13t`."""
    precision: Annotated[
        float | None,
        Option(
            SHARE, "continue until every interval is this narrow, such as 5%", most=1, open=True,
            race="continues until its answer is known: leave out {precision}",
        ),
    ]  # fmt: skip
    """Continue until the half-width of every interval is at most this share of its ratio: 0.05 is plus or minus 5 %."""
    rounds: Annotated[
        int | None,
        Option(
            COUNT, "exactly N rounds of every runner; with 1, that round is also the warm-up, and there are no "
            "verdicts", most=100, excludes=("max_rounds", "budget", "precision"),
            race="takes as many rounds as its answer needs: give {max_rounds} or {budget} instead of {rounds}",
        ),
    ]  # fmt: skip
    """Exact number of rounds of every runner, regardless of verdicts and time; 1 to 100. With 1, that round is also the
    warm-up, and its results are compared afterwards."""


class AdviseOptions(_Options, total=False):
    """The options of `advise()`; the race itself decides the baseline, the precision and the rounds."""


@cache
def declared_options(kind: Any = MeasureOptions) -> dict[str, Option]:
    """The declaration of each option, by name."""
    return {name: hint.__metadata__[0] for name, hint in get_type_hints(kind, include_extras=True).items()}


def as_keyword(name: str, option: Option | None) -> str:
    """Write the name of an option as a keyword; a switch that is on by default as its opposite: `compare=False`."""
    return f"{name}=False" if option is not None and option.default is True else name


def filled(
    given: Mapping[str, Any], write: Write = as_keyword, also: Mapping[str, Option] | None = None
) -> MeasureOptions:
    """Complete the options: check the given ones, and add the defaults of the others. Without a seed, one is drawn.

    Args:
        given: options by name; other parameters that options need or exclude may be included.
        write: writes a name in messages.
        also: declarations of further options, which are checked but not returned.

    Raises:
        BadSetting: a value or a combination is invalid; the message says what to do.
    """
    known = {**declared_options(), **(also or {})}
    for name, option in known.items():
        if given.get(name) is not None:
            option.require(name, given[name], write(name, option))
    require_together(_given_names(given, known), known, lambda name: write(name, known.get(name)))
    values = with_defaults(given, known)
    if values["seed"] is None:
        import random

        values["seed"] = random.randrange(2**32)
    complete: Any = values
    options: MeasureOptions = complete
    return options


def with_defaults(given: Mapping[str, Any], known: Mapping[str, Option] | None = None) -> dict[str, Any]:
    """The given options, and the defaults of the others, except those that a given one excludes."""
    known = known or declared_options()
    given_names = _given_names(given, known)
    left_out = {excluded for name, excluded in exclusions(known) if name in given_names}
    return {
        name: option.default
        if given.get(name) is None and (option.kind is SWITCH or name not in left_out)
        else given.get(name)
        for name, option in declared_options().items()
    }


def _given_names(given: Mapping[str, Any], known: Mapping[str, Option]) -> set[str]:
    """The names of the options whose value differs from leaving them out."""
    return {
        name for name, value in given.items() if (known[name].is_set(value) if name in known else value is not None)
    }


def make_options(**given: Unpack[MeasureOptions]) -> MeasureOptions:
    """The complete options: the given ones, and the defaults of the others."""
    return filled(given)


def changed(options: MeasureOptions, **changes: Unpack[MeasureOptions]) -> MeasureOptions:
    """The options with some changes, which are not checked."""
    return {**options, **changes}


def decided(value: T | None) -> T:
    """Return the value of an option that is never None in complete options."""
    assert value is not None
    return value


def stored_options(options: MeasureOptions, *, of_function: bool) -> dict[str, Any]:
    """The options that the results store: those that were given or decided, as plain values.

    Args:
        options: the complete options.
        of_function: whether to include the options on how a function is called.
    """
    from concbench.workloads.function.calling import name_of

    return {
        name: name_of(options[name]) if callable(options[name]) else _stored_value(options[name])  # type: ignore[literal-required]
        for name, option in declared_options().items()
        if not option.apart and (of_function or not option.of_function) and options[name] is not None  # type: ignore[literal-required]
    }


def _stored_value(value: Any) -> Any:
    """The value as a results file stores it."""
    if isinstance(value, Mapping):
        return {key: _stored_value(part) for key, part in value.items()}
    return [*map(str, value)] if isinstance(value, (list, tuple)) else value


def function_options(given: Mapping[str, Any], known: Mapping[str, Option]) -> list[str]:
    """The names of the given options that apply to functions only."""
    return [name for name, option in known.items() if option.of_function and option.is_set(given.get(name))]


def sentence_of_race(name: str, caller: str, measure: str, write: Write) -> str:
    """A sentence on why `advise` does not have an option, and what to do."""
    known = declared_options()
    names = {key: write(key, known.get(key)) for key in (*known, *_RACE)}
    text = _RACE[name] if name in _RACE else known[name].race
    return f"{caller} {text.format_map(names)}{'' if name == 'resume' else f', or use {measure}'}"


_RACE = {
    "runners": "chooses the runners by itself: leave out {runners}",
    "resume": "cannot resume an earlier run: leave out {resume}",
}
"""Reasons as in `Option.race`, for other parameters of `measure()`."""


def decided_by_race() -> list[str]:
    """Names of the parameters that `measure()` has and `advise()` lacks, since the race decides them."""
    return [*(name for name, option in declared_options().items() if option.race), *_RACE]
