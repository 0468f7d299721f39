"""Options that people know from other tools, with what to type here, a line for each.

They come from hyperfine, pyperf, timeit, pytest-benchmark, load generators such as ab and hey, and make. -r
and -w are left out: they are options of ours with another meaning, so a habit cannot be recognised.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

_ROUNDS = ("use --rounds N for exactly N rounds, or --max-rounds N for at most N", "use --max-rounds N")
_MOST_ROUNDS = ("use --max-rounds N",)
_LEAST_ROUNDS = ("leave it out: at least three rounds are always run; --rounds N runs exactly N",)
_CALLS = ("use --repeat N for N calls in an execution, or --max-rounds N for at most N rounds",)
_TIME = ("use --budget TIME",)
_WARM_UP = ("leave it out: every runner is warmed up before its first round; --warm keeps its workers between rounds",)
_WORKERS = ("use --workers N,N to try these numbers of workers", "use --max-workers N for at most N calls at once")
_THREADS = ("use -r thread-pool:N for a pool of N threads", "use --max-workers N for at most N calls at once")
_PROCESSES = ("use -r process-pool:N for a pool of N processes", "use --max-workers N for at most N calls at once")
_AROUND = ("use --context M:NAME for code that must run around every execution, off the clock",)
_RESULTS = ("use -o FILE", "use --json and send standard output to FILE")
_HYPERFINE = ("use -o FILE, or --format hyperfine for the JSON of hyperfine", *_RESULTS)
_PYTEST = ("use -o FILE, or --format pytest-benchmark for the JSON of pytest-benchmark", *_RESULTS)
_MARKDOWN = ("use --format markdown and send standard output to FILE",)
_CSV = ("use --format csv and send standard output to FILE",)
_QUIET = ("send standard error to a file (2> FILE): progress and messages go there, and nothing else",)

HABITS: dict[str, tuple[str, ...]] = {
    "--runs": _ROUNDS,
    "-n": _ROUNDS,
    "--iterations": _ROUNDS,
    "--values": _ROUNDS,
    "--max-runs": _MOST_ROUNDS,
    "-M": _MOST_ROUNDS,
    "--min-runs": _LEAST_ROUNDS,
    "-m": _LEAST_ROUNDS,
    "--min-rounds": _LEAST_ROUNDS,
    "--benchmark-min-rounds": _LEAST_ROUNDS,
    "--number": _CALLS,
    "--loops": _CALLS,
    "-l": _CALLS,
    "--min-time": _TIME,
    "--max-time": _TIME,
    "--benchmark-min-time": _TIME,
    "--benchmark-max-time": _TIME,
    "--duration": _TIME,
    "-d": _TIME,
    "--fast": _TIME,
    "--rigorous": ("use --precision PERCENT to continue until every interval is that narrow", *_TIME),
    "--warmup": _WARM_UP,
    "--warmups": _WARM_UP,
    "--warm-up": _WARM_UP,
    "--benchmark-warmup": _WARM_UP,
    "--benchmark-warmup-iterations": _WARM_UP,
    "--jobs": _WORKERS,
    "-j": _WORKERS,
    "--concurrency": _WORKERS,
    "-c": _WORKERS,
    "--parameter-list": _WORKERS,
    "-L": _WORKERS,
    "--threads": _THREADS,
    "-t": _THREADS,
    "--processes": _PROCESSES,
    "-p": _PROCESSES,
    "--setup": _AROUND,
    "-s": _AROUND,
    "--prepare": _AROUND,
    "--conclude": _AROUND,
    "--cleanup": _AROUND,
    "--ignore-failure": ("use --tolerate to count failures and continue",),
    "-i": ("use --tolerate to count failures and continue",),
    "--export-json": _HYPERFINE,
    "--benchmark-json": _PYTEST,
    "--benchmark-save": _PYTEST,
    "--benchmark-autosave": _PYTEST,
    "--export-markdown": _MARKDOWN,
    "--markdown": _MARKDOWN,
    "--export-csv": _CSV,
    "--csv": _CSV,
    "--overwrite": ("use --force",),
    "-f": ("use --force",),
    "--quiet": _QUIET,
    "-q": _QUIET,
    "--style": ("use --color WHEN",),
    "--no-color": ("use --color never",),
}
"""Hints for each option. The first one is given whose options the command has; a hint may name no option."""


_EVERYWHERE = {"--help", "--version"}
"""Options that nobody misspells, and that resemble many words."""
_ALIKE = 0.7
"""Similarity from which an option counts as the one that was meant."""


def hint(option: str, options: Collection[str]) -> str:
    """A hint on what to type instead of an option that a command does not know; empty if there is none.

    Args:
        option: what was typed, without a value.
        options: the options of the command.
    """
    for habit in HABITS.get(option, ()):
        if set(options_in(habit)) <= set(options):
            return habit
    completions = [name for name in options if name.startswith(option)]
    others = list(_long({*options} - _EVERYWHERE))
    suggestions = completions or [f"--{name}" for name in get_close_matches(option.lstrip("-"), others, 1, _ALIKE)]
    return f"did you mean {' or '.join(suggestions)}?" if suggestions and option.strip("-") else ""


def options_in(text: str) -> list[str]:
    """The options that a text names."""
    return re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", text)


def _long(options: Collection[str]) -> Iterator[str]:
    """The long options without their dashes, which are all alike."""
    return (name[2:] for name in options if name.startswith("--"))
