"""`concbench`: reads the command, runs it, and turns every error of ours into one line and an exit code.

Exit codes: 0 ok, 1 a cell failed or something could not be written, 2 the command cannot be, 130 interrupted (Ctrl-C),
143 terminated (SIGTERM).
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from concbench import __version__
from concbench.cli.output import printing, say
from concbench.errors import ConcbenchError, UsageError, nearest
from concbench.harness.interruption import INTERRUPTION
from concbench.registry import WORKLOADS
from concbench.report.visible import visible

COMMANDS = {
    "run": "measure workloads under runners",
    "advise": "find out which runner and how many workers suit a function of your own",
    "show": "show the results of an earlier run",
    "doctor": "try whether this machine can show concurrency and parallelism, and print what decides",
    "list": "list workloads and runners, and what is not available here",
    "serve": "serve the images of the download workload, for other clients",
}
"""Each lives in the module of its name: add_arguments(parser) and main(arguments) -> exit code."""

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None and isinstance(sys.stdout, io.TextIOWrapper):
        if isinstance(sys.stdout.buffer, io.RawIOBase):  # python -u: what a signal interrupts would be lost
            sys.stdout = open(sys.stdout.fileno(), "w", 1, encoding=sys.stdout.encoding, closefd=False)  # noqa: SIM115
        sys.stdout.reconfigure(errors="replace")  # lines of tables and names of people's own, where output is ASCII
    code = _outcome(arguments)
    return INTERRUPTION.exit_code or code


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
    except BrokenPipeError:  # whoever read our output has seen enough
        return OK
    except OSError as error:  # what nobody has foreseen: a disk for temporary files that is full, no more open files
        return _complain(error, FAILED)
    finally:
        if files := sys.modules.get("concbench.results.files"):
            files.discard_pending()  # a name that was reserved, and nothing came of it


def _require_streams() -> None:
    """A standard stream that is closed is replaced by nothing: its number would go to the next file that is opened.

    Raises:
        ConcbenchError: it is standard output.
    """
    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    for name in closed:  # what is opened takes the lowest number that is free
        setattr(sys, name, Path(os.devnull).open("r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115
    if "stdout" in closed:
        raise ConcbenchError("standard output is closed; send it to a file, or to /dev/null")


def _dispatch(arguments: list[str]) -> int:
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in {"-h", "--help", "--version"}):
        budget = (
            []
            if any(argument.split("=")[0] in {"--rounds", "--budget"} for argument in arguments)
            else ["--budget=10s"]
        )
        arguments = ["run", "download", "primes", *budget, *arguments]
    name = arguments[0]
    if not name.startswith("-") and name not in COMMANDS:
        meant = f"did you mean 'concbench run {name}'?" if name in WORKLOADS else nearest(name, list(COMMANDS))
        raise UsageError(f"no command is called {name!r}; {meant}")
    parser = _Parser(
        prog="concbench",
        description="The same work under every way Python has of doing things at once: results proved equal, times "
        "measured fairly. Without a command: both workloads under every runner, in about half a minute.",
    )
    parser.add_argument("--version", action="version", version=f"concbench {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for command, purpose in COMMANDS.items():
        added = commands.add_parser(command, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
        if command == name:
            import_module(f"concbench.cli.{command}").add_arguments(added)
    with printing():
        parsed = parser.parse_args(arguments)
    _require_no_empty_text(parsed)
    code: int = import_module(f"concbench.cli.{parsed.command}").main(parsed)
    return code


def _require_no_empty_text(parsed: argparse.Namespace) -> None:
    """Refuse what a script leaves empty: nothing is called so, and it would be taken for an option that was not given.

    Raises:
        UsageError: names the first.
    """
    for name, value in vars(parsed).items():
        if "" in (value if isinstance(value, list) else [value]):
            raise UsageError(f"the value of '{name.replace('_', '-')}' is empty; give it one, or leave it out")


class _Parser(argparse.ArgumentParser):
    """Argument errors are usage errors like all others: one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see '{self.prog} --help'")


def _complain(message: object, code: int) -> int:
    for note in getattr(message, "__notes__", []):  # the traceback of a user's own module
        say("\n".join(visible(line) for line in note.splitlines()))
    say(f"concbench: {visible(str(message))}")
    return code
