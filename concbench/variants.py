"""Variants, which distinguish cells of one runner: the interpreter, its GIL, and environment variables.

A variant has a label, and defines how a measuring process is started. Each interpreter is probed once before anything
is measured, in a process that is ended in any case. Another interpreter uses its own import path and never the path of
this one; concbench itself is made available through a directory that holds nothing else.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from concbench.errors import BadSetting
from concbench.interpreters import Interpreter, probed
from concbench.launch import other_python_command, python_command
from concbench.machine import POOL_VARIABLES

_PACKAGE = Path(__file__).parent


@dataclass(frozen=True)
class Variant:
    """The way a measuring process is started, with a label that distinguishes cells."""

    label: str = ""
    """The label; empty if there is only the default variant."""
    python: str | None = None
    """The path of an interpreter; None: the current one, with its import path and flags."""
    gil: str | None = None
    """For a free-threaded build: "0" without the GIL, "1" with it; None: as it starts."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables in addition to those of this process."""
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """Facts about the interpreter from its probe, for the results."""
    of_workers: bool = False
    """Whether only runners with several workers are offered under it; `sequential` stays in the default variant."""

    @property
    def version(self) -> tuple[int, int] | None:
        """The version of its interpreter; None for the current interpreter."""
        numbers = str(self.facts.get("version", "")).split(".")[:2]
        return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 else None

    @property
    def typed(self) -> str:
        """The shell command that runs a program under this variant."""
        import shlex  # rarely needed, so imported here, like other modules below

        gil = [f"PYTHON_GIL={self.gil}"] if self.gil is not None else []
        variables = [f"{key}={shlex.quote(value)}" for key, value in self.environment.items()]
        return " ".join([*gil, *variables, shlex.quote(self.python or "python"), "program.py"])

    @property
    def set_by_program(self) -> dict[str, str]:
        """Its variables, if a program can set all of them itself, since they are read when a library is loaded."""
        as_it_is = self.python is None and self.gil is None and {*POOL_VARIABLES}.issuperset(self.environment)
        return {**self.environment} if as_it_is else {}

    def command(self, module: str, directories: Iterable[str] = ()) -> list[str]:
        """The command that runs the main() of a module of concbench.

        Args:
            module: the module.
            directories: directories of the user's modules, put before the import path of another interpreter.
        """
        options = ["-X", f"gil={self.gil}"] if self.gil is not None else []
        if self.python is None:
            return python_command(module, options)
        return other_python_command(self.python, module, options, directories)

    def variables(self, directory: Path) -> dict[str, str]:
        """The environment variables of such a process, in addition to those of this process.

        Args:
            directory: a private directory, in which concbench is made available to other interpreters.
        """
        gil = {"PYTHON_GIL": self.gil} if self.gil is not None else {}
        variables = {**gil, **self.environment}
        if self.python is not None:
            others = variables.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
            variables["PYTHONPATH"] = os.pathsep.join([str(_part_in(directory)), *([others] if others else [])])
        return variables

    def as_json(self) -> dict[str, Any]:
        """Return the description that the results store, as plain JSON values."""
        gil = {"gil": self.gil} if self.gil is not None else {}
        environment = {"environment": dict(self.environment)} if self.environment else {}
        return {**self.facts, **gil, **environment}


OWN = Variant()
"""The default variant: the current interpreter, unchanged."""
ONE_INNER_THREAD = Variant("1 inner thread each", environment=dict.fromkeys(POOL_VARIABLES, "1"), of_workers=True)
"""The variant in which native libraries use a single thread in each worker."""


def variants_of(options: Mapping[str, Any]) -> tuple[Variant, ...]:
    """Every combination of the interpreters, GILs and variables that were asked for; only OWN if there are none.

    Raises:
        BadSetting: an interpreter cannot be measured, or something occurs twice; the message says what to do.
    """
    interpreters = _interpreters(options.get("python"))
    gils = _gils(options.get("gil"), interpreters)
    environments = [*_environments(options.get("env") or {})]
    if interpreters == [None] and gils == [None] and environments == [{}]:
        return (OWN,)
    names = _names([one for one in interpreters if one])
    several = len(interpreters) > 1, len(gils) > 1
    made = []
    for interpreter, gil, environment in product(interpreters, gils, environments):
        parts = [
            (names[interpreter.executable] if interpreter else "", several[0]),
            (f"gil={gil}" if gil is not None else "", several[1]),
            *((f"{key}={value}", len(options["env"][key]) > 1) for key, value in environment.items()),
        ]
        told = [text for text, differs in parts if text and differs] or [text for text, _ in parts if text]
        facts = interpreter.as_json() if interpreter else {}
        made.append(Variant(" ".join(told), interpreter.executable if interpreter else None, gil, environment, facts))
    return tuple(made)


def newest(options: Mapping[str, Any]) -> tuple[int, int]:
    """The newest version of Python among the variants of these options."""
    return max(variant.version or sys.version_info[:2] for variant in variants_of(options))


def of_table(variants: Iterable[Variant]) -> dict[str, Any]:
    """The descriptions of the variants of a table, by label, for the results."""
    return {variant.label: variant.as_json() for variant in variants if variant.label}


def homes(packed: bytes) -> list[str]:
    """The directories of the user's own modules that a pickle names, without installed modules."""
    import pickletools

    installed = {Path(one) for one in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    names = {one for _, one, _ in pickletools.genops(packed) if isinstance(one, str)}
    found: dict[str, None] = {}
    for name in sorted(names & {*sys.modules}):
        top = name.partition(".")[0]
        file = getattr(sys.modules.get(top), "__file__", None)
        if top in sys.stdlib_module_names or top in {"concbench", "__main__"} or not file:
            continue
        path = Path(file).absolute()
        home = path.parents[1] if path.stem == "__init__" else path.parent
        if "site-packages" not in home.parts and not installed & {home, *home.parents}:
            found[str(home)] = None
    return [*found]


def _interpreters(given: Sequence[str] | None) -> list[Interpreter | None]:
    if given is None:
        return [None]
    _require_some("python", given)
    found: dict[tuple[str, str], Interpreter] = {}
    for one in given:
        if not isinstance(one, (str, os.PathLike)):
            raise BadSetting(f"python must be a list of strings such as 'python3.13', not {one!r}")
        if not os.fspath(one):
            raise BadSetting("python contains an empty name; remove the extra comma")
        interpreter = probed(os.fspath(one))
        if interpreter.identity in found:
            other = found[interpreter.identity].given
            same = f" and {other} are the same interpreter" if other != interpreter.given else " is given twice"
            raise BadSetting(f"{interpreter.given}{same} for --python; each is measured once")
        found[interpreter.identity] = interpreter
    return [*found.values()]


def _gils(given: Sequence[Any] | None, interpreters: Sequence[Interpreter | None]) -> list[str | None]:
    if given is None:
        return [None]
    _require_some("gil", given)
    gils = [str(one) for one in given]
    if not {"0", "1"}.issuperset(gils):
        raise BadSetting(f"gil must be 0, 1 or both, not {', '.join(gils)}")
    _require_different("gil", gils)
    for one in interpreters:
        interpreter = one or probed(sys.executable)
        if "0" in gils and not interpreter.free_threaded:
            raise BadSetting(
                f"{interpreter.called} always has a GIL, so --gil 0 is not possible: name only free-threaded builds "
                "with --python (such as python3.13t), or leave out --gil"
            )
    return [*gils]


def _environments(given: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, str]]:
    for key, values in given.items():
        if not isinstance(key, str) or not key or not {*key}.isdisjoint("=\0 \t\n"):
            raise BadSetting(f"{key!r} is not a valid name for an environment variable; write --env KEY=VALUE,VALUE")
        if isinstance(values, str) or not isinstance(values, Sequence):
            raise BadSetting(f"the values of {key} must be a list of strings, not {values!r}")
        _require_some(f"env {key}", values)
        texts = [str(value) for value in values]
        if "\0" in "".join(texts):
            raise BadSetting(f"a value of {key} contains a null character; leave it out")
        _require_different(f"env {key}", texts)
    for combined in product(*given.values()):
        yield {key: str(value) for key, value in zip(given, combined, strict=True)}


def _require_some(name: str, given: Sequence[Any]) -> None:
    if not given:
        raise BadSetting(f"{name} has no values: give it at least one, or leave it out")


def _require_different(name: str, given: Sequence[str]) -> None:
    twice = next((one for place, one in enumerate(given) if one in given[:place]), None)
    if twice is not None:
        raise BadSetting(f"{twice} is given twice for --{name}; each is measured once")


def _names(interpreters: Sequence[Interpreter]) -> dict[str, str]:
    """A unique short name for each interpreter: its version, else the name that the user gave."""
    short = [one.short for one in interpreters]
    return {one.executable: one.short if short.count(one.short) == 1 else one.given for one in interpreters}


def _part_in(directory: Path) -> Path:
    """A subdirectory that holds the package concbench and nothing else; it is created if needed."""
    part = directory / "part"
    if not (part / _PACKAGE.name).exists():
        part.mkdir(exist_ok=True)
        try:
            (part / _PACKAGE.name).symlink_to(_PACKAGE, target_is_directory=True)
        except (OSError, NotImplementedError):  # Windows, for most users
            shutil.copytree(_PACKAGE, part / _PACKAGE.name)
    return part
