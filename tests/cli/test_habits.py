"""Options of other tools, misspelt options and abbreviations: one line that says what to type."""

from __future__ import annotations

import pytest

from concbench.cli.commands import COMMANDS, parsers
from concbench.cli.habits import HABITS, hint, options_in
from concbench.cli.main import main
from concbench.errors import nearest

OPTIONS = {name: {*command.options()} for name, command in parsers(COMMANDS)[1].items()}
ALL = set().union(*OPTIONS.values())


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The line that refuses a command."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    return printed.err.removeprefix("concbench: ").rstrip("\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "primes", "--warmup", "3"], "run has no option --warmup; leave it out: every runner is warmed up"),
        (["run", "--warmup", "3", "primes"], "run has no option --warmup; leave it out"),
        (["run", "primes", "--runs=5"], "run has no option --runs; use --rounds N for exactly N rounds, or --max-"),
        (["--runs", "5"], "run has no option --runs; use --rounds N"),
        (["advise", "app:f", "--runs", "5"], "advise has no option --runs; use --max-rounds N"),
        (["run", "primes", "-n", "5"], "run has no option -n; use --rounds N"),
        (["run", "primes", "-j4"], "run has no option -j; use --workers N,N"),
        (["advise", "app:f", "-j", "4"], "advise has no option -j; use --max-workers N"),
        (["run", "primes", "--export-json", "run.json"], "use -o FILE"),
        (["doctor", "--export-json", "run.json"], "use --json and send standard output to FILE"),
        (["run", "primes", "--max-round", "4"], "run has no option --max-round; did you mean --max-rounds?"),
        (["run", "primes", "--workes=3"], "did you mean --workers?"),
        (["advise", "app:f", "--workers", "3"], "did you mean --max-workers?"),
        (["run", "primes", "--max-r", "4"], "did you mean --max-rounds?"),
        (["run", "primes", "--max", "4"], "did you mean --max-rounds or --max-calls or --max-workers?"),
        (["list", "--colour", "never"], "list has no option --colour; did you mean --color?"),
        (["show", "--rounds", "3"], "show has no option --rounds; see 'concbench show --help'"),
        (["run", "primes", "-x"], "run has no option -x; see 'concbench run --help'"),
        (["show", "one", "two"], "unexpected argument 'two'; see 'concbench show --help'"),
        (["run", "primes", "--rounds"], "argument --rounds: expected one argument; see 'concbench run --help'"),
        (["run", "primes", "--algorithm", "sive"], "algorithm of primes: 'sive' is not known; did you mean 'sieve'?"),
        (["run", "primes:algorithm=prime"], "algorithm of primes: 'prime' is not one of trial, sieve"),
        (["run", "primes", "--size", "qick"], "size of primes: 'qick' is not known; did you mean 'quick'?"),
        (["list", "--color", "alwas"], "argument --color: 'alwas' is not known; did you mean 'always'?"),
        (["run", "primes", "--shell=none"], "run has no option --shell; see 'concbench run --help'"),
        (["run", "primes", "--hel"], "run has no option --hel; did you mean --help?"),
        (["serve", "--warmup", "3"], "serve has no option --warmup; see 'concbench serve --help'"),
        (["doctor", "--warmup", "3"], "doctor has no option --warmup; see 'concbench doctor --help'"),
        (["advise", "app:f", "--warmup", "3"], "advise has no option --warmup; leave it out: every runner is warmed"),
        (["list", "--color", "purple"], "argument --color: 'purple' is not one of auto, always, never; see "),
        (["--color", "never", "shw"], "no command is called 'shw'; did you mean 'show'?"),
    ],
)  # fmt: skip
def test_what_was_probably_meant_is_said(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 2; nothing ran."""
    assert says in said(arguments, capsys)


@pytest.mark.parametrize("option", sorted(HABITS))
def test_every_habit_is_answered_by_a_command_that_has_what_it_is_told_to_use(option: str) -> None:
    """Every entry is used, and none names an option that does not exist."""
    named = {name for habit in HABITS[option] for name in options_in(habit)}
    answering = [
        name for name, known in OPTIONS.items() if option not in known and hint(option, known) in HABITS[option]
    ]
    assert answering
    assert named <= ALL


@pytest.mark.parametrize("command", COMMANDS)
def test_a_hint_names_no_option_that_the_command_lacks(command: str) -> None:
    """This holds for every input."""
    for option in (*HABITS, *ALL, *(name[:-2] for name in ALL)):
        if option not in OPTIONS[command]:
            assert set(options_in(hint(option, OPTIONS[command]))) <= OPTIONS[command], option


@pytest.mark.parametrize(
    ("name", "meant"),
    [("alone", ""), ("runer", "runner"), ("max_rounds", "max-rounds"), ("budgte", "budget")],
)
def test_only_a_slip_is_taken_for_another_name(name: str, meant: str) -> None:
    """This holds for keys of a file as well; if nothing is near, all are listed."""
    known = sorted(option[2:] for option in OPTIONS["run"] if option.startswith("--"))
    assert nearest(name, known) == (f"did you mean {meant!r}?" if meant else f"known: {', '.join(known)}")
