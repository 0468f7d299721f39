"""Options from the table `[tool.concbench]` of the nearest pyproject.toml; the command line comes first."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concbench.cli.values import spelling
from concbench.errors import BadInput, BadSetting, UsageError, nearest
from concbench.report.facts import options_text, value_text
from concbench.report.visible import visible
from concbench.values import excluding

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from concbench.campaign import Told
    from concbench.values import Declared

FILE = "pyproject.toml"
COMMANDS = ("run", "advise")
"""Those that it is read for."""


@dataclass(frozen=True)
class Configured:
    """What came from a file."""

    file: str = ""
    """As a person at the command line would write it."""
    options: dict[str, Any] = field(default_factory=dict)
    """What took effect, as it is written there."""

    @property
    def record(self) -> dict[str, Any]:
        """What the results say of it."""
        return {"file": self.file, "options": self.options} if self.options else {}

    def announced(self, listen: Callable[[Told], None]) -> Callable[[Told], None]:
        """What says what came from there before it hands on the first event: nothing is refused any more by then."""
        left = [self] if self.options else []

        def told(event: Told) -> None:
            while left:
                print(visible(f"concbench: {left.pop()} from {self.file}"), file=sys.stderr, flush=True)
            listen(event)

        return told

    def __str__(self) -> str:
        return options_text(self.options)

    @contextmanager
    def to_blame(self) -> Iterator[None]:
        """Around whatever refuses options: a message names the file, too, since that may be where to look."""
        try:
            yield
        except UsageError as error:
            if self.options:
                error.args = (f"{error} ({', '.join(self.options)} from {self.file})",)
            raise


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the options of a command come from a file, all that it has but this one."""
    parser.add_argument("--no-config", action="store_true", help=f"take no options from {FILE}")
    parser.set_defaults(parser=parser)


def configure(
    arguments: argparse.Namespace,
    known: Mapping[str, Declared],
    applies: Callable[[argparse.Action], bool] = lambda _: True,
    excludes: Collection[tuple[str, str]] = (),
) -> Configured:
    """Take what was not given on the command line from the file, and return it.

    Args:
        arguments: of the command; they are completed.
        known: what is declared of options.
        applies: whether an option says anything of what is asked for; if not, it is ignored.
        excludes: more pairs that cannot be given together. What the command line gives wins here as well.

    Raises:
        UsageError: the file cannot be read, or an option or a value that cannot be; names the file and the key.
    """
    path = None if arguments.no_config else _nearest()
    if path is None:
        return Configured()
    file = os.path.relpath(path)
    actions = _actions(arguments.parser)
    named = {action.dest for action in actions.values() if _is_given(arguments, action.dest)}
    found: dict[str, tuple[str, Any]] = {}
    for key, value in _table(path, file).items():
        name = key.replace("_", "-")
        if name not in actions:
            _require_option_of_another(name, f"{file}: {key}")
            continue
        action = actions[name]
        if action.dest in found:
            raise BadSetting(f"{file}: {key} is given twice, as {found[action.dest][0]}, too; leave out one of them")
        read = _read(action, value, f"{file}: {key}")
        if read is not None and applies(action):
            found[action.dest] = key, value
            others = excluding(action.dest, known) | _partners(action.dest, excludes)
            if not named & {action.dest, *others}:
                setattr(arguments, action.dest, read)
    taken = {dest for dest in found if dest not in named and _is_given(arguments, dest)}
    for dest in [dest for dest in taken if _lacks(dest, known, arguments)]:
        setattr(arguments, dest, None)
        taken.remove(dest)
    return Configured(file, {key.replace("_", "-"): value for dest, (key, value) in found.items() if dest in taken})


def _is_given(arguments: argparse.Namespace, dest: str) -> bool:
    value = getattr(arguments, dest)
    return value is not None and value is not False


def _lacks(dest: str, known: Mapping[str, Declared], arguments: argparse.Namespace) -> bool:
    """Whether it needs something that there is not."""
    needs = known[dest].needs if dest in known else ""
    return bool(needs) and getattr(arguments, needs) is None


def _partners(dest: str, pairs: Collection[tuple[str, str]]) -> set[str]:
    return {other for pair in pairs if dest in pair for other in pair if other != dest}


def _nearest() -> Path | None:
    """The file of this directory, or of the next above that has one."""
    try:
        here = Path.cwd()
        return next((one for place in (here, *here.parents) if (one := place / FILE).is_file()), None)
    except OSError:  # a directory that is gone, or may not be looked into
        return None


def _table(path: Path, file: str) -> dict[str, Any]:
    import tomllib

    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not text in UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(f"{file} is not TOML: {error}; mend it, or leave it out with --no-config") from error
    except OSError as error:
        raise BadInput(f"cannot read {file}: {error.strerror or error}; --no-config leaves it out") from error
    tools = content.get("tool")
    table = tools.get("concbench", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise BadInput(f"{file}: tool.concbench must be a table: write [tool.concbench], and options below it")
    return table


def _actions(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """The options of a command, by their long names."""
    return {
        name.removeprefix("--"): action
        for name, action in parser._option_string_actions.items()  # noqa: SLF001 - argparse has no public list of them
        if name.startswith("--") and action.help != argparse.SUPPRESS and action.dest not in {"help", "no_config"}
    }


def _require_option_of_another(name: str, where: str) -> None:
    """Refuse what no command has.

    Raises:
        BadSetting: names the nearest.
    """
    known = set()
    for command in COMMANDS:
        parser = argparse.ArgumentParser(add_help=False)
        import_module(f"concbench.cli.{command}").add_arguments(parser)
        known |= {*_actions(parser)}
    if name not in known:
        raise BadSetting(f"{where} is not an option of run or advise; {nearest(name, sorted(known))}")


def _read(action: argparse.Action, value: Any, where: str) -> Any:
    """A value as the command line would have it; None: as if it were not there.

    Raises:
        BadSetting: it cannot be.
    """
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise BadSetting(f"{where} must be true or false, not {value_text(value)!r}")
        return action.const if value else None
    repeats = action.dest == "runners"
    types = getattr(getattr(action.type, "kind", None), "types", (str,))
    several, numbers = repeats or list in types, not {int, float, list}.isdisjoint(types)
    allowed: tuple[type, ...] = (str, *((int, float) if numbers else ()), *((list,) if several else ()))
    parts = value if isinstance(value, list) else [value]
    if not isinstance(value, allowed) or not all(type(part) in {str, int, float} for part in parts):
        what = "a list, " * several + ("a text or a number" if numbers else "a text")
        raise BadSetting(f"{where} must be {what}, not {value_text(value)!r}")
    texts = [str(part) for part in parts]
    if repeats:
        return texts or None
    text = ",".join(texts)
    if action.choices is not None and text not in action.choices:
        raise BadSetting(f"{where}: {text!r} is not one of {', '.join(action.choices)}")
    kind = getattr(action.type, "kind", None)
    try:
        read = text if kind is None else kind.read(text)
    except BadSetting as error:
        raise BadSetting(f"{where}: {error}") from None
    return text if isinstance(action.type, spelling) else read
