"""Options from the table `[tool.concbench]` of the nearest pyproject.toml; the command line comes first."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concbench.cli.output import say
from concbench.cli.values import reading, spelling
from concbench.errors import BadInput, BadSetting, UsageError, nearest, not_one_of
from concbench.report.facts import options_text
from concbench.values import excluded_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from concbench.campaign import ListenerEvent
    from concbench.values import Declared, Kind

FILE = "pyproject.toml"
COMMANDS = ("run", "advise")
"""The commands that read it."""
_OF_ONE_RUN = {"output", "force", "resume", "html", "split", "summary"}
"""Options that name the files of a single run, so they cannot be configured."""


@dataclass(frozen=True)
class ConfiguredOptions:
    """Options that came from a file."""

    file: str = ""
    """The path of the file, relative to the current directory."""
    options: dict[str, Any] = field(default_factory=dict)
    """The options that took effect, as written in the file."""

    @property
    def record(self) -> dict[str, Any]:
        """The entry of the options in the results; empty if there are none."""
        return {"file": self.file, "options": self.options} if self.options else {}

    def with_announcement(self, listen: Callable[[ListenerEvent], None]) -> Callable[[ListenerEvent], None]:
        """A listener that prints the options before the first event; nothing can be refused after that."""
        pending = [self] if self.options else []

        def announce_and_listen(event: ListenerEvent) -> None:
            while pending:
                say(f"{pending.pop()} from {self.file}")
            listen(event)

        return announce_and_listen

    def __str__(self) -> str:
        return options_text(self.options)

    @contextmanager
    def naming_the_file(self) -> Iterator[None]:
        """Add the name of the file to usage errors that concern its options."""
        try:
            yield
        except UsageError as error:
            keys = [key for key, value in self.options.items() if _is_about(str(error), key, value)]
            if keys:
                error.args = (f"{error} ({', '.join(keys)} from {self.file})",)
            raise


def _is_about(message: str, key: str, value: Any) -> bool:
    """Whether a message concerns an option, however that is written, or quotes its text."""
    name = re.escape(key.removeprefix("no-")).replace(r"\-", "[-_]")
    quoted = f"|{re.escape(value)}" if isinstance(value, str) and value else ""
    return bool(re.search(rf"(?<![\w-])(?:(?:--)?(?:no-)?{name}s?{quoted})(?![\w-])", message))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a file set the options of a command that were added so far, except those of a single run.

    Options that are not given stay None until the file has been read, whatever their defaults are.
    """
    parser.add_argument("--no-config", action="store_true", help=f"ignore the options in {FILE}")
    defaults = {action.dest: action.default for action in _actions(parser).values() if action.default is not None}
    parser.set_defaults(parser=parser, defaults=defaults, **dict.fromkeys(defaults))


def configure(
    arguments: argparse.Namespace,
    declarations: Mapping[str, Declared],
    applies: Callable[[str], bool] = lambda _: True,
    excludes: Callable[[str, Any], set[str]] = lambda *_: set(),
) -> ConfiguredOptions:
    """Complete the arguments from the file, then from the defaults; returns what the file contributed.

    Args:
        arguments: the arguments of the command, which are completed in place.
        declarations: the declarations of options.
        applies: whether an option applies to the command line; if not, it is ignored.
        excludes: the options that an option with a value excludes. The command line takes precedence here as well.

    Raises:
        UsageError: the file cannot be read, or an option or a value is invalid; names the file and the key.
    """
    path = None if arguments.no_config else _nearest_file()
    configured = ConfiguredOptions()
    if path is not None:
        file = os.path.relpath(path)
        table = _table(path, file)
        configured = ConfiguredOptions(file, _apply_table(arguments, table, file, declarations, applies, excludes))
    for dest, default in arguments.defaults.items():
        if getattr(arguments, dest) is None:
            setattr(arguments, dest, default)
    return configured


def _apply_table(
    arguments: argparse.Namespace,
    table: Mapping[str, Any],
    file: str,
    declarations: Mapping[str, Declared],
    applies: Callable[[str], bool],
    excludes: Callable[[str, Any], set[str]],
) -> dict[str, Any]:
    """Complete the arguments; returns the options that took effect, as written in the table."""
    actions = _actions(arguments.parser)
    given = {
        dest: value for action in actions.values() if (value := getattr(arguments, dest := action.dest)) is not None
    }
    keys: dict[str, str] = {}
    applied: list[str] = []
    for key, value in table.items():
        action = actions.get(key.replace("_", "-"))
        if action is None or action.dest in _OF_ONE_RUN:
            _refuse(key, file)
            continue
        dest = action.dest
        if dest in keys:
            raise BadSetting(f"{file}: {key} is given twice, also as {keys[dest]}; leave out one of them")
        keys[dest] = key
        parsed = _parse_value(action, value, f"{file}: {key}", os.path.dirname(file))  # noqa: PTH120
        if parsed is None or dest in given or not applies(dest):
            continue
        partners = excluded_names(dest, declarations) | excludes(dest, parsed)
        if given.keys().isdisjoint(partners) and not any(dest in excludes(*pair) for pair in given.items()):
            setattr(arguments, dest, parsed)
            applied.append(dest)
    for dest in [dest for dest in applied if _lacks_partner(dest, declarations, arguments)]:
        setattr(arguments, dest, None)
        applied.remove(dest)
    return {keys[dest].replace("_", "-"): table[keys[dest]] for dest in applied}


def _lacks_partner(dest: str, declarations: Mapping[str, Declared], arguments: argparse.Namespace) -> bool:
    """Whether an option needs another one that is not given."""
    needs = declarations[dest].needs if dest in declarations else ""
    return bool(needs) and getattr(arguments, needs) is None


def _nearest_file() -> Path | None:
    """The file in this directory, or in the nearest parent that has one."""
    try:
        directory = Path.cwd()
        files = (parent / FILE for parent in (directory, *directory.parents))
        return next((file for file in files if file.is_file()), None)
    except OSError:  # a directory that was deleted, or may not be read
        return None


def _table(path: Path, file: str) -> dict[str, Any]:
    import tomllib

    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not UTF-8 text") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(f"{file} is not TOML: {error}; correct it, or ignore it with --no-config") from error
    except OSError as error:
        raise BadInput(f"cannot read {file}: {error.strerror or error}; --no-config ignores it") from error
    tools = content.get("tool")
    table = tools.get("concbench", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise BadInput(f"{file}: tool.concbench must be a table: write [tool.concbench], and options below it")
    return table


def _actions(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """The options of a command, by long name."""
    return {
        name.removeprefix("--"): action
        for name, action in parser._option_string_actions.items()  # noqa: SLF001 - argparse has no public list of them
        if name.startswith("--") and action.help != argparse.SUPPRESS and action.dest not in {"help", "no_config"}
    }


def _refuse(key: str, file: str) -> None:
    """Refuse a key that no command takes from the file; the keys of other commands are ignored.

    Raises:
        BadSetting: names the nearest.
    """
    actions: dict[str, argparse.Action] = {}
    for command in COMMANDS:
        parser = argparse.ArgumentParser(add_help=False)
        import_module(f"concbench.cli.{command}").add_arguments(parser)
        actions |= _actions(parser)
    name = key.replace("_", "-")
    if name in actions and actions[name].dest in _OF_ONE_RUN:
        raise BadSetting(f"{file}: {key} is for a single run: leave it out, and give --{name} on the command line")
    if name not in actions:
        allowed = sorted(one for one, action in actions.items() if action.dest not in _OF_ONE_RUN)
        raise BadSetting(f"{file}: {key} is not an option of run or advise; {nearest(name, allowed)}")


def _parse_value(action: argparse.Action, value: Any, where: str, directory: str) -> Any:
    """A value as the command line would read it; None if it counts as not given.

    Raises:
        BadSetting: the value is invalid.
    """
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise BadSetting(f"{where} must be true or false, not {_toml_text(value)}")
        return action.const if value else None
    kinds = _kinds(action)
    types = {one for kind in kinds for one in kind.types} or {str}
    by_pieces = Mapping in types
    repeats = by_pieces or isinstance(action, argparse._AppendAction)  # noqa: SLF001 - it has no public name
    move = next((kind.relocate for kind in kinds if kind.relocate), None)
    several = repeats or any(kind.separated for kind in kinds)
    numbers = not {int, float, list}.isdisjoint(types) and not move
    allowed: tuple[type, ...] = (str, *((int, float) if numbers else ()), *((list,) if several else ()))
    parts = value if isinstance(value, list) else [value]
    if not isinstance(value, allowed) or not all(type(part) in {str, int, float} for part in parts):
        words: list[str] = ["a list"] * several + ["a string"] + ["a number"] * numbers
        *others, last = words
        what = f"{', '.join(others)} or {last}" if others else last
        raise BadSetting(f"{where} must be {what}, not {_toml_text(value)}")
    texts = [str(part) for part in parts]
    if repeats and not by_pieces:
        return texts or None
    text = ",".join(texts)
    text = move(text, directory) if move else text
    if action.choices is not None and text not in action.choices:
        raise BadSetting(f"{where}: {not_one_of(text, list(action.choices))}")
    try:
        if by_pieces:
            return {key: values for piece in texts for key, values in kinds[0].read(piece).items()} or None
        return kinds[0].read(text) if isinstance(action.type, reading) else text
    except BadSetting as error:
        raise BadSetting(f"{where}: {error}") from None


def _kinds(action: argparse.Action) -> list[Kind]:
    """The kinds as which the text of an option may be read."""
    if isinstance(action.type, spelling):
        return [action.type.kind, *action.type.others]
    return [action.type.kind] if isinstance(action.type, reading) else []


def _toml_text(value: Any) -> str:
    """A value as written in the file."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_toml_text(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml_text, value))}]"
    return repr(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
