"""Arguments of the command line, made from the declarations of options."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from concbench.cli.values import reading
from concbench.options import declared_options
from concbench.values import SWITCH

if TYPE_CHECKING:
    from concbench.declarations import Option

_FLAGS = {"runners": "--runner"}
"""Flags of parameters that are called differently in Python."""


def as_flag(name: str, option: Option | None) -> str:
    """The flag of an option on the command line: `--no-observe` if the option is on by default."""
    if option is None:
        return _FLAGS.get(name, f"--{name.replace('_', '-')}")
    return f"--{'no-' if option.default is True else ''}{(option.flag or name).replace('_', '-')}"


def add(parser: argparse._ActionsContainer, options: Mapping[str, Option], *, hidden: bool = False) -> None:
    """Add an argument for each option; it is None if it is not given."""
    for name, option in options.items():
        group = parser.add_mutually_exclusive_group() if option.opposite else parser
        kind: dict[str, Any] = (
            {"action": "store_const", "const": not option.default}
            if option.kind is SWITCH
            else {"type": reading(option.kind), "metavar": option.kind.metavar}
        )
        if Mapping in option.kind.types:
            kind["action"] = _MergeMapping
        about = argparse.SUPPRESS if hidden else _help(option).replace("%", "%%")
        group.add_argument(as_flag(name, option), dest=name, help=about, **kind)
        if option.opposite:
            about = argparse.SUPPRESS if hidden else option.opposite
            group.add_argument(f"--no-{name}", dest=name, help=about, action="store_const", const=False)


class _MergeMapping(argparse.Action):
    """A mapping that may be given in several pieces."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, *_: Any) -> None:
        """Add the piece."""
        earlier = getattr(namespace, self.dest) or {}
        duplicate = next((key for key in values if key in earlier), None)
        if duplicate is not None:
            parser.error(f"argument {self.option_strings[0]}: {duplicate} is given twice; give all its values at once")
        setattr(namespace, self.dest, {**earlier, **values})


def given_options(arguments: argparse.Namespace, *kinds: Any) -> dict[str, Any]:
    """The declared options that were given."""
    names = [name for kind in kinds for name in declared_options(kind)]
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name, None) is not None}


def _help(option: Option) -> str:
    default = option.otherwise
    if option.default is not None and option.kind is not SWITCH:
        default = option.kind.write(option.default)
    return f"{option.help} (default: {default})" if default else option.help
