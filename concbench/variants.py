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
from concbench.interpreters import Interpreter, probe_interpreter
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
    def shell_command(self) -> str:
        """The shell command that runs a program under this variant."""
        import shlex  # rarely needed, so imported here, like other modules below

        gil = [f"PYTHON_GIL={self.gil}"] if self.gil is not None else []
        variables = [f"{key}={shlex.quote(value)}" for key, value in self.environment.items()]
        return " ".join([*gil, *variables, shlex.quote(self.python or "python"), "program.py"])

    @property
    def set_by_program(self) -> dict[str, str]:
        """Its variables, if a program can set all of them itself, since they are read when a library is loaded."""
        unchanged = self.python is None and self.gil is None and {*POOL_VARIABLES}.issuperset(self.environment)
        return {**self.environment} if unchanged else {}

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
            inherited = variables.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
            entries = [str(_package_directory(directory)), *([inherited] if inherited else [])]
            variables["PYTHONPATH"] = os.pathsep.join(entries)
        return variables

    def as_json(self) -> dict[str, Any]:
        """Return the description that the results store, as plain JSON values."""
        gil = {"gil": self.gil} if self.gil is not None else {}
        environment = {"environment": dict(self.environment)} if self.environment else {}
        return {**self.facts, **gil, **environment}


DEFAULT_VARIANT = Variant()
"""The default variant: the current interpreter, unchanged."""
ONE_INNER_THREAD = Variant("1 inner thread each", environment=dict.fromkeys(POOL_VARIABLES, "1"), of_workers=True)
"""The variant in which native libraries use a single thread in each worker."""


def variants_of(options: Mapping[str, Any]) -> tuple[Variant, ...]:
    """Every combination of the interpreters, GILs and variables in the options; DEFAULT_VARIANT alone without any.

    Raises:
        BadSetting: an interpreter cannot be measured, or something occurs twice; the message says what to do.
    """
    interpreters = _interpreters(options.get("python"))
    gils = _gils(options.get("gil"), interpreters)
    environments = [*_environments(options.get("env") or {})]
    if interpreters == [None] and gils == [None] and environments == [{}]:
        return (DEFAULT_VARIANT,)
    names = _names([interpreter for interpreter in interpreters if interpreter])
    several = len(interpreters) > 1, len(gils) > 1
    variants = []
    for interpreter, gil, environment in product(interpreters, gils, environments):
        parts = [
            (names[interpreter.executable] if interpreter else "", several[0]),
            (f"gil={gil}" if gil is not None else "", several[1]),
            *((f"{key}={value}", len(options["env"][key]) > 1) for key, value in environment.items()),
        ]
        label_parts = [text for text, differs in parts if text and differs] or [text for text, _ in parts if text]
        facts = interpreter.as_json() if interpreter else {}
        executable = interpreter.executable if interpreter else None
        variants.append(Variant(" ".join(label_parts), executable, gil, environment, facts))
    return tuple(variants)


def newest_python(options: Mapping[str, Any]) -> tuple[int, int]:
    """The newest version of Python among the variants of these options."""
    return max(variant.version or sys.version_info[:2] for variant in variants_of(options))


def variant_descriptions(variants: Iterable[Variant]) -> dict[str, Any]:
    """The descriptions of the variants of a table, by label, for the results."""
    return {variant.label: variant.as_json() for variant in variants if variant.label}


def module_directories(packed: bytes) -> list[str]:
    """The directories of the user's own modules that a pickle names, without installed modules."""
    import pickletools

    installed = {Path(prefix) for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    names = {argument for _, argument, _ in pickletools.genops(packed) if isinstance(argument, str)}
    directories: dict[str, None] = {}
    for name in sorted(names & {*sys.modules}):
        top = name.partition(".")[0]
        file = getattr(sys.modules.get(top), "__file__", None)
        if top in sys.stdlib_module_names or top in {"concbench", "__main__"} or not file:
            continue
        path = Path(file).absolute()
        directory = path.parents[1] if path.stem == "__init__" else path.parent
        if "site-packages" not in directory.parts and not installed & {directory, *directory.parents}:
            directories[str(directory)] = None
    return [*directories]


def _interpreters(names: Sequence[str] | None) -> list[Interpreter | None]:
    if names is None:
        return [None]
    _require_values("python", names)
    interpreters: dict[tuple[str, str], Interpreter] = {}
    for name in names:
        if not isinstance(name, (str, os.PathLike)):
            raise BadSetting(f"python must be a list of strings such as 'python3.13', not {name!r}")
        if not os.fspath(name):
            raise BadSetting("python contains an empty name; remove the extra comma")
        interpreter = probe_interpreter(os.fspath(name))
        if interpreter.identity in interpreters:
            earlier = interpreters[interpreter.identity].name
            problem = f" and {earlier} are the same interpreter" if earlier != interpreter.name else " is given twice"
            raise BadSetting(f"{interpreter.name}{problem} for --python; each is measured once")
        interpreters[interpreter.identity] = interpreter
    return [*interpreters.values()]


def _gils(values: Sequence[Any] | None, interpreters: Sequence[Interpreter | None]) -> list[str | None]:
    if values is None:
        return [None]
    _require_values("gil", values)
    gils = [str(value) for value in values]
    if not {"0", "1"}.issuperset(gils):
        raise BadSetting(f"gil must be 0, 1 or both, not {', '.join(gils)}")
    _require_different("gil", gils)
    for named in interpreters:
        interpreter = named or probe_interpreter(sys.executable)
        if "0" in gils and not interpreter.free_threaded:
            raise BadSetting(
                f"{interpreter.full_name} always has a GIL, so --gil 0 is not possible: name only free-threaded builds "
                "with --python (such as python3.13t), or leave out --gil"
            )
    return [*gils]


def _environments(variables: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, str]]:
    for key, values in variables.items():
        if not isinstance(key, str) or not key or not {*key}.isdisjoint("=\0 \t\n"):
            raise BadSetting(f"{key!r} is not a valid name for an environment variable; write --env KEY=VALUE,VALUE")
        if isinstance(values, str) or not isinstance(values, Sequence):
            raise BadSetting(f"the values of {key} must be a list of strings, not {values!r}")
        _require_values(f"env {key}", values)
        texts = [str(value) for value in values]
        if "\0" in "".join(texts):
            raise BadSetting(f"a value of {key} contains a null character; leave it out")
        _require_different(f"env {key}", texts)
    for combined in product(*variables.values()):
        yield {key: str(value) for key, value in zip(variables, combined, strict=True)}


def _require_values(name: str, values: Sequence[Any]) -> None:
    if not values:
        raise BadSetting(f"{name} has no values: give it at least one, or leave it out")


def _require_different(name: str, values: Sequence[str]) -> None:
    repeated = next((value for index, value in enumerate(values) if value in values[:index]), None)
    if repeated is not None:
        raise BadSetting(f"{repeated} is given twice for --{name}; each is measured once")


def _names(interpreters: Sequence[Interpreter]) -> dict[str, str]:
    """A unique short name for each interpreter: its version, else the name that the user gave."""
    short_names = [interpreter.short for interpreter in interpreters]
    return {
        interpreter.executable: interpreter.short if short_names.count(interpreter.short) == 1 else interpreter.name
        for interpreter in interpreters
    }


def _package_directory(directory: Path) -> Path:
    """A subdirectory that holds the package concbench and nothing else; it is created if needed."""
    part = directory / "part"
    if not (part / _PACKAGE.name).exists():
        part.mkdir(exist_ok=True)
        try:
            (part / _PACKAGE.name).symlink_to(_PACKAGE, target_is_directory=True)
        except (OSError, NotImplementedError):  # Windows, for most users
            shutil.copytree(_PACKAGE, part / _PACKAGE.name)
    return part
