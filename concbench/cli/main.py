"""`concbench`: read the command, run it, and turn every error of concbench into one line and an exit code."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from concbench.cli.commands import COMMANDS, parsers
from concbench.cli.output import printing, say
from concbench.errors import ConcbenchError, UsageError, nearest
from concbench.exit_codes import FAILED, INTERRUPTED, OK, USAGE, worst
from concbench.harness.interruption import INTERRUPTION

_OF_THE_PROGRAM = {"-h", "--help", "-V", "--version"}
"""Options that need no command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None and isinstance(sys.stdout, io.TextIOWrapper):
        if isinstance(sys.stdout.buffer, io.RawIOBase):  # python -u: a write that a signal interrupts would be lost
            sys.stdout = open(sys.stdout.fileno(), "w", 1, encoding=sys.stdout.encoding, closefd=False)  # noqa: SIM115
        sys.stdout.reconfigure(errors="replace")  # table lines and users' names, if output is ASCII
    code = _outcome(arguments)
    return worst(INTERRUPTION.exit_code, code)


def _outcome(arguments: list[str]) -> int:
    try:
        _require_streams()
        return _dispatch(arguments)
    except UsageError as error:
        return _complain(error, USAGE)
    except ConcbenchError as error:
        return _complain(error, FAILED)
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has closed it
        return OK
    except OSError as error:  # unforeseen: a full disk for temporary files, too many open files
        return _complain(error, FAILED)
    finally:
        if files := sys.modules.get("concbench.results.files"):
            files.discard_pending()  # names that were reserved and never written to


def _require_streams() -> None:
    """Replace closed standard streams by the null device: the next opened file would get their numbers.

    Raises:
        ConcbenchError: standard output is closed.
    """
    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    for name in closed:  # an opened file gets the lowest free number
        setattr(sys, name, Path(os.devnull).open("r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115
    if "stdout" in closed:
        raise ConcbenchError("standard output is closed; send it to a file, or to /dev/null")


def _dispatch(arguments: list[str]) -> int:
    typed = ["concbench", *arguments]
    arguments, alone = _command_first(arguments), False
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in _OF_THE_PROGRAM):
        arguments, alone = ["run", "download", "primes", *arguments], True
    name = arguments[0]
    if not name.startswith("-") and name not in COMMANDS:
        from concbench.registry import WORKLOADS

        suggestion = f"did you mean 'concbench run {name}'?" if name in WORKLOADS else nearest(name, list(COMMANDS))
        raise UsageError(f"no command is called {name!r}; {suggestion}")
    parser, commands = parsers([name])
    with printing():
        parsed, unknown = parser.parse_known_args(arguments)
    if getattr(parsed, "items", None):
        import_module("concbench.cli.functions").require_pattern_in_quotes(parsed, unknown)
    if unknown:
        commands[name].refuse(unknown)
    _require_no_empty_text(parsed)
    import_module("concbench.launch").require_possible()  # after the parser, so that --help does not load it
    parsed.alone, parsed.typed = alone, typed
    code: int = import_module(f"concbench.cli.{parsed.command}").main(parsed)
    return code


def _command_first(arguments: list[str]) -> list[str]:
    """Write `--color never show` as `show --color never`, and drop it before `--version`; others follow a command."""
    length = 2 if arguments[:1] == ["--color"] else 1
    color, others = arguments[:length], arguments[length:]
    if not others or color[0].partition("=")[0] != "--color":
        return arguments
    if others[0] in _OF_THE_PROGRAM:
        return others
    return arguments if others[0].startswith("-") else [others[0], *color, *others[1:]]


def _require_no_empty_text(parsed: argparse.Namespace) -> None:
    """Refuse empty values, such as a script may leave: nothing has an empty name, and they would be ignored.

    Raises:
        UsageError: names the first.
    """
    for name, value in vars(parsed).items():
        if "" in (value if isinstance(value, list) else [value]):
            raise UsageError(f"the value of '{name.replace('_', '-')}' is empty; give it one, or leave it out")


def _complain(message: object, code: int) -> int:
    notes = getattr(message, "__notes__", [])  # the traceback of a user's own module
    say(str(message), [line for note in notes for line in note.splitlines()])
    return code
