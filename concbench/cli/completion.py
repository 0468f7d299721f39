"""`concbench completion`: a script that lets a shell complete commands, options, files and registered names."""

from __future__ import annotations

import argparse

from concbench.cli.commands import COMMANDS, parsers
from concbench.cli.output import printing
from concbench.errors import UsageError
from concbench.exit_codes import OK
from concbench.registry import format_names, runner_names, workload_names

SHELLS = ("bash", "zsh", "tcsh")
NAMES = {"SPEC": runner_names, "WORKLOAD": workload_names, "FORMAT": format_names}
"""What completes an argument, by its metavar. Other arguments are completed by the choices of their kind."""
FILES = {"FILE": "file", "WHERE": "file", "FUNCTION": "file", "DIR": "directory"}
"""Kinds of paths that complete an argument, by its metavar."""

_BASH = """
# The function above would overwrite a variable `line` of the shell.
_concbench() {
  local line
  _shtab_concbench "$@"
}
complete -o bashdefault -F _concbench concbench"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the argument."""
    parser.add_argument("shell", choices=SHELLS, help="the shell to complete for")


@printing()
def main(arguments: argparse.Namespace) -> int:
    """Print the script; returns the exit code."""
    try:
        import shtab
    except ModuleNotFoundError:
        raise UsageError("completion needs shtab: pip install 'concbench[completion]'") from None
    parser, commands = parsers(COMMANDS)
    for action in (action for command in commands.values() for action in command.declared()):
        metavar = str(action.metavar)
        if metavar in NAMES:
            action.choices = NAMES[metavar]()
        elif metavar in FILES:
            action.complete = shtab.CHOICE_FUNCTIONS[FILES[metavar]]  # type: ignore[attr-defined] # shtab asks for it
        elif words := getattr(getattr(action.type, "kind", None), "choices", ()):
            action.choices = words
    print(shtab.complete(parser, arguments.shell))
    if arguments.shell == "bash":
        print(_BASH)
    return OK
