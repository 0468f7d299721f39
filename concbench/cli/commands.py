"""The commands, and the parser that reads them."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from importlib import import_module
from typing import Any, NoReturn

from concbench import __version__
from concbench.errors import UsageError, not_one_of

COMMANDS = {
    "run": "measure workloads under runners",
    "advise": "find out which runner and how many workers suit a function of your own",
    "show": "show the results of an earlier run",
    "doctor": "check whether this machine can show concurrency and parallelism, and print what limits it",
    "list": "list workloads, runners and formats, and what is not available here",
    "serve": "serve the images of the download workload, for other clients",
    "completion": "print a shell completion script for commands, options and names",
    "help": "explain how to read a table, or print the options of a command",
}
"""Each lives in the module of its name: add_arguments(parser) and main(arguments) -> exit code."""


class CommandParser(argparse.ArgumentParser):
    """A parser whose errors are usage errors: one line that says what to do.

    Options cannot be abbreviated: an abbreviation would become ambiguous when an option is added.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise a usage error where argparse would exit.

        Raises:
            UsageError: always.
        """
        raise UsageError(message if message.endswith("?") else f"{message}; see '{self.prog} --help'")

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Refuse arguments that are left over: the first option among them, or else the first argument.

        Raises:
            UsageError: says what was probably meant.
        """
        command = self.prog.rpartition(" ")[2]
        first = next((argument for argument in unknown if argument.startswith("-")), "")
        if not first:
            self.error(f"unexpected argument {unknown[0]!r}")
        from concbench.cli.habits import hint

        option = first.partition("=")[0] if first.startswith("--") else first[:2]
        suggestion = hint(option, self.options())
        if suggestion:
            raise UsageError(f"{command} has no option {option}; {suggestion}")
        self.error(f"{command} has no option {option}")

    def declared(self) -> list[argparse.Action]:
        """The arguments of the command, except those that exist only to be refused."""
        return [action for action in self._actions if action.help != argparse.SUPPRESS]

    def options(self) -> list[str]:
        """The names of its options."""
        return [option for action in self.declared() for option in action.option_strings]

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(action, not_one_of(str(value), [str(choice) for choice in action.choices]))


def parsers(names: Collection[str]) -> tuple[CommandParser, dict[str, CommandParser]]:
    """The parser of the command line and that of each command; only the commands in `names` get their arguments."""
    parser = CommandParser(
        prog="concbench",
        description="The same work under every way Python has of doing things at once: results proved equal, times "
        "measured fairly. Without a command: both workloads under every runner, in about half a minute.",
    )
    parser.add_argument("-V", "--version", action="version", version=f"concbench {__version__}")
    subparsers = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    commands = {}
    for command, purpose in COMMANDS.items():
        description = f"{purpose[0].upper()}{purpose[1:]}."
        commands[command] = subparsers.add_parser(command, help=purpose, description=description)
        if command in names:
            import_module(f"concbench.cli.{command}").add_arguments(commands[command])
    return parser, commands
