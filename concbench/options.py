"""What `measure()`, `advise()` and the command line can be told: each option is declared here, and nowhere else.

The types are for `Unpack`, so that a type checker refuses any other name. What a `Declared` adds is read when it is
first asked for: the arguments of the command line, the check of a value, the default and the line of help, and what is
recorded with the results and compared when a run is gone on with. None is as good as left out where it is allowed.

Standard library only, and little of it: `from concbench import measure` imports this.
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
"""Bytes: a measuring process alone takes some 20 MB."""
IMPORT_SECONDS = 300.0
"""That a process may take to import the function and to read its items, unless said otherwise."""
IMPORT_SHARE = 0.6
"""Of the budget of `advise`, that may be used up before the first call: every process has to import the function."""


Write = Callable[[str, Option | None], str]
"""How a side writes the name of an option, or of another parameter, of which nothing is declared."""


class _Options(TypedDict, total=False):
    """What both can be told."""

    max_rounds: Annotated[
        int | None,
        Option(
            COUNT, "a runner stops at its verdict, or undecided after N rounds", default=30, least=3, most=100,
            because="three are the least that an interval needs",
        ),
    ]  # fmt: skip
    """A runner that has no verdict by then stays undecided; 3 to 100."""
    budget: Annotated[
        float | None,
        Option(
            DURATION, "time for each workload, or for all of advise; run always takes at least three rounds; "
            "10s for each workload of 'concbench' alone",
            default=60.0, open=True,
        ),
    ]  # fmt: skip
    """Seconds for each workload, or for everything that `advise` does together. No further round is begun after that;
    `measure` takes three in any case."""
    warm: Annotated[
        bool,
        Option(SWITCH, "keep workers and connections between rounds, and time only the work", default=False),
    ]
    """Keep workers and connections from round to round, and time the work alone."""
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
    """Take every execution in a new measuring process, so that what the function keeps in its process is cold; False:
    keep one for each runner. None: new ones if the function is found to keep such state."""
    observe: Annotated[
        bool, Option(SWITCH, "skip the observed pass, which measures start-up, cores and memory", default=True)
    ]
    """Whether each runner's work is executed once more with every task recorded."""
    seed: Annotated[
        int | None,
        Option(NATURAL, "seed of all random choices, such as the order of the rounds", otherwise="random, printed",
               apart=True),
    ]  # fmt: skip
    """Of everything that is drawn: the order of the runners in each round, and the hashes of texts. None: one is drawn;
    it is recorded."""
    timeout: Annotated[
        float | None,
        Option(
            DURATION, "time limit for one execution of a runner",
            otherwise="20 times the time of the baseline, at least 10s",
            open=True, isolates=True,
        ),
    ]  # fmt: skip
    """Seconds that one execution may take at most. None: 20 times what the baseline's first took, and 10 at least."""
    import_timeout: Annotated[
        float | None,
        Option(
            DURATION, "time limit for importing the function and reading its items",
            otherwise=f"{IMPORT_SECONDS:g}s", least=0, open=True,
            isolates=True, of_function=True,
        ),
    ]  # fmt: skip
    """Of a function: seconds that a process may take to import it and to load its items. None: 300."""
    memory_limit: Annotated[
        int | None,
        Option(
            SIZE, "memory limit for all processes of a runner together", otherwise="80% of the available memory",
            least=LEAST_MEMORY, isolates=True,
        ),
    ]  # fmt: skip
    """Bytes that all processes of a runner may use together. None: 80 % of what is available."""
    max_calls: Annotated[int | None, Option(COUNT, "call the function at most N times in all")]
    """Calls of the function at most. None: as many as it takes."""
    coroutine: Annotated[
        str | Callable[..., Any] | None,
        Option(PLACE, "the coroutine function that does the same, for asyncio", of_function=True),
    ]
    """Of a function: its twin as a coroutine function, for asyncio; or where it is found (`"app:fetch_later"`)."""
    context: Annotated[
        str | Callable[..., Any] | None,
        Option(
            PLACE, "makes a context manager that is entered around every execution, off the clock", of_function=True
        ),
    ]
    """Of a function: called for a context manager that is entered around every execution, off the clock; told the
    number of workers if it takes an argument."""
    initializer: Annotated[
        str | Callable[[], Any] | None,
        Option(PLACE, "called once in each worker before its first task, on the clock", of_function=True),
    ]
    """Of a function: called without arguments in each worker before its first task, on the clock: once in the thread of
    `sequential`, and once in that of an event loop."""
    check: Annotated[
        str | Callable[[Any, Any], Any] | None,
        Option(
            PLACE, "called with an expected and an actual result; returns whether the actual one is right",
            otherwise="equality",
            of_function=True, excludes=("compare",),
        ),
    ]  # fmt: skip
    """Of a function: called with an expected and an actual result, says whether the actual one is right."""
    compare: Annotated[bool, Option(SWITCH, "do not compare results", default=True, flag="check", of_function=True)]
    """Of a function: whether its results are compared at all."""
    star: Annotated[
        bool,
        Option(SWITCH, "unpack each item into several arguments", default=False, needs="items", of_function=True),
    ]
    """Of a function: each item is unpacked into several arguments."""
    tolerate: Annotated[
        bool,
        Option(
            SWITCH, "count exceptions as results", default=False,
            of_function=True,
        ),
    ]  # fmt: skip
    """Of a function: exceptions are results like any other, and are counted."""
    max_workers: Annotated[int | None, Option(COUNT, "at most N calls at once", of_function=True)]
    """Of a function: calls at once at most. None: 10 if items are addresses of other machines, else any number."""
    repeat: Annotated[
        int | None,
        Option(
            COUNT, "without items: N calls per execution", otherwise="1", excludes=("items",),
            of_function=True,
        ),
    ]  # fmt: skip
    """Of a function without items: how often it is called in an execution. None: once."""
    python: Annotated[
        Sequence[str] | None,
        Option(
            PYTHONS, "measure under each of these interpreters: a path, a name on the PATH, or the directory of a "
            "virtual environment", otherwise="the current one", isolates=True,
        ),
    ]  # fmt: skip
    """Interpreters under each of which every runner is measured: paths, names on the PATH, or directories of virtual
    environments. None: the one that runs this."""
    gil: Annotated[
        Sequence[str | int] | None,
        Option(
            GILS, "measure free-threaded builds without the GIL, with it, or both", otherwise="as each starts",
            isolates=True,
        ),
    ]  # fmt: skip
    """Of free-threaded builds: [0] without the GIL, [1] with it, [0, 1] under both. None: as each starts."""
    env: Annotated[
        Mapping[str, Sequence[str]] | None,
        Option(
            VARIABLES, "measure with each of these values of a variable of the environment; repeatable", isolates=True,

        ),
    ]  # fmt: skip
    """Values of variables of the environment, under each combination of which every runner is measured."""


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
    the first. Of several interpreters it is that of the first, unless one is named: `sequential@3.13t`."""
    precision: Annotated[
        float | None,
        Option(
            SHARE, "continue until every interval is this narrow, such as 5%", most=1, open=True,
            race="continues until its answer is known: leave out {precision}",
        ),
    ]  # fmt: skip
    """Go on until the half-width of every interval is this share of its ratio: 0.05 for plus or minus 5 %."""
    rounds: Annotated[
        int | None,
        Option(
            COUNT, "exactly N rounds of every runner; with 1, that round is also the warm-up, and there are no "
            "verdicts", most=100, excludes=("max_rounds", "budget", "precision"),
            race="takes as many rounds as its answer needs: give {max_rounds} or {budget} instead of {rounds}",
        ),
    ]  # fmt: skip
    """Exactly so many rounds of every runner, whatever is known and whatever they take; 1 to 100. If it is 1, that
    round is also the warm-up, and its results are compared afterwards."""


class AdviseOptions(_Options, total=False):
    """The options of `advise()`: the race itself decides on the baseline, the precision and the rounds."""


@cache
def declared(kind: Any = MeasureOptions) -> dict[str, Option]:
    """What is declared of each option of these."""
    return {name: hint.__metadata__[0] for name, hint in get_type_hints(kind, include_extras=True).items()}


def as_keyword(name: str, option: Option | None) -> str:
    """As Python writes it: `compare=False` of what is on if nothing is said."""
    return f"{name}=False" if option is not None and option.default is True else name


def filled(
    given: Mapping[str, Any], write: Write = as_keyword, also: Mapping[str, Option] | None = None
) -> MeasureOptions:
    """All options: those that were given, checked, and the defaults of the others. Without a seed, one is drawn.

    Args:
        given: by name; other parameters that options need or exclude may be among them.
        write: how messages write a name.
        also: what is declared of more options, which are checked and not among those that are returned.

    Raises:
        BadSetting: a value or a combination that cannot be; says what to do.
    """
    known = {**declared(), **(also or {})}
    for name, option in known.items():
        if given.get(name) is not None:
            option.require(name, given[name], write(name, option))
    require_together(_taken(given, known), known, lambda name: write(name, known.get(name)))
    values = completed(given, known)
    if values["seed"] is None:
        import random

        values["seed"] = random.randrange(2**32)
    all_of_them: Any = values
    made: MeasureOptions = all_of_them
    return made


def completed(given: Mapping[str, Any], known: Mapping[str, Option] | None = None) -> dict[str, Any]:
    """Those that are given, and the defaults of the others, but for what is excluded by one of them."""
    known = known or declared()
    taken = _taken(given, known)
    left_out = {other for one, other in exclusions(known) if one in taken}
    return {
        name: option.default
        if given.get(name) is None and (option.kind is SWITCH or name not in left_out)
        else given.get(name)
        for name, option in declared().items()
    }


def _taken(given: Mapping[str, Any], known: Mapping[str, Option]) -> set[str]:
    """The names of those that say more than leaving them out."""
    return {
        name for name, value in given.items() if (known[name].is_set(value) if name in known else value is not None)
    }


def chosen(**given: Unpack[MeasureOptions]) -> MeasureOptions:
    """All options: these, and the defaults of the others."""
    return filled(given)


def changed(options: MeasureOptions, **changes: Unpack[MeasureOptions]) -> MeasureOptions:
    """The same options but for these, which are not checked."""
    return {**options, **changes}


def decided(value: T | None) -> T:
    """A value that is never None once options are filled in."""
    assert value is not None
    return value


def recorded(options: MeasureOptions, *, of_function: bool) -> dict[str, Any]:
    """What the results say of them: those that were given or decided, as plain values.

    Args:
        options: all of them.
        of_function: whether those that say how a function is called are among them.
    """
    from concbench.workloads.how import name_of

    return {
        name: name_of(options[name]) if callable(options[name]) else _plain(options[name])  # type: ignore[literal-required]
        for name, option in declared().items()
        if not option.apart and (of_function or not option.of_function) and options[name] is not None  # type: ignore[literal-required]
    }


def _plain(value: Any) -> Any:
    """As a results file keeps it."""
    if isinstance(value, Mapping):
        return {key: _plain(several) for key, several in value.items()}
    return [*map(str, value)] if isinstance(value, (list, tuple)) else value


def of_functions(given: Mapping[str, Any], known: Mapping[str, Option]) -> list[str]:
    """Those of the given options that are for functions alone."""
    return [name for name, option in known.items() if option.of_function and option.is_set(given.get(name))]


def sentence_of_race(name: str, caller: str, measure: str, write: Write) -> str:
    """Why `advise` does not have an option, and what to do."""
    known = declared()
    names = {one: write(one, known.get(one)) for one in (*known, *_RACE)}
    text = _RACE[name] if name in _RACE else known[name].race
    return f"{caller} {text.format_map(names)}{'' if name == 'resume' else f', or use {measure}'}"


_RACE = {
    "runners": "chooses the runners by itself: leave out {runners}",
    "resume": "cannot resume an earlier run: leave out {resume}",
}
"""As `Option.race`, of other parameters of `measure()`."""


def decided_by_race() -> list[str]:
    """What `measure()` has and `advise()` has not, since the race decides on it."""
    return [*(name for name, option in declared().items() if option.race), *_RACE]
