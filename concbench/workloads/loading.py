"""A function by its name: `module:function`, `pkg.module:Class.method`, `path/to/file.py:function`.

Standard library only: the measuring process imports this.
"""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from concbench.errors import BadFunction
from concbench.task import exception_text, tried

_OFFERED = 4
"""Functions of a file that are named, where none was."""


@dataclass(frozen=True)
class Place:
    """Where an object is found."""

    text: str
    """As it was written."""
    module: str
    """The dotted name that it is imported by."""
    attribute: str
    """Dotted, within the module."""
    directory: str
    """Absolute; must be on the import path."""
    file: str = ""
    """Absolute, where a file was named."""

    @classmethod
    def read(cls, text: str, directory: str = "") -> Place:
        """Read a name; nothing is imported.

        Args:
            text: the name.
            directory: where modules and relative paths are found; the current one if it is empty.

        Raises:
            BadFunction: it has another form, or there is no such file.
        """
        where, colon, attribute = text.rpartition(":")
        if not attribute or not colon:
            _require_function(text.removesuffix(":"))
        if not colon or not where or not all(part.isidentifier() for part in attribute.split(".")):
            raise BadFunction(f"cannot read {text!r}; write module:function or path/to/file.py:function")
        if where.endswith(".py") or os.sep in where or "/" in where:
            return cls._in_file(text, Path(directory, where), attribute)
        if not all(part.isidentifier() for part in where.split(".")):
            raise BadFunction(f"cannot read {text!r}: {where!r} is not the name of a module; write module:function")
        return cls(text, where, attribute, directory or str(Path.cwd()))

    @classmethod
    def _in_file(cls, text: str, file: Path, attribute: str) -> Place:
        if not file.is_file():
            raise BadFunction(f"there is no file {text.rpartition(':')[0]}")
        file = file.absolute()
        names, directory = [file.stem], file.parent
        while (directory / "__init__.py").is_file() and directory.parent != directory:
            names.insert(0, directory.name)
            directory = directory.parent
        if not all(name.isidentifier() for name in names):
            raise BadFunction(
                f"{file.name} cannot be imported by worker processes: its name is not an identifier; rename it"
            )
        return cls(text, ".".join(names), attribute, str(directory), str(file))

    def make_importable(self) -> None:
        """Put its directory on the import path, where pickles find the modules of what they hold."""
        if self.directory not in sys.path:
            sys.path.insert(0, self.directory)

    def load(self) -> Any:
        """Import the module and find the object.

        Raises:
            BadFunction: there is none, or its module cannot be imported; the end of the traceback is a note.
        """
        self.make_importable()
        module = self._module()
        found: Any = module
        for part in self.attribute.split("."):
            inner, missing = tried(getattr, found, part)
            if isinstance(missing, AttributeError):
                raise BadFunction(f"{self.module} has no {self.attribute}{_offer(found, part)}")
            if missing is not None:
                raise BadFunction(f"{self.attribute} of {self.module} cannot be had: {exception_text(missing)}")
            found = inner
        return found

    def _module(self) -> Any:
        try:
            module = importlib.import_module(self.module)
        except ModuleNotFoundError as missing:
            name = missing.name or ""
            if name == self.module or self.module.startswith(f"{name}."):
                raise BadFunction(f"there is no module {name!r} here, nor on the import path") from None
            raise self._broken(missing) from missing
        except BaseException as error:  # SystemExit of a script without a main guard is one of them
            if isinstance(error, KeyboardInterrupt):
                raise
            raise self._broken(error) from error
        self._require_the_one_here(module)
        return module

    def _require_the_one_here(self, module: Any) -> None:
        """Refuse a module that is not the one in the file that was named, or that lies here under its name."""
        found, name = module, self.module
        meant = [Path(self.file)]
        if not self.file:
            name = self.module.partition(".")[0]
            found = sys.modules.get(name)
            meant = [Path(self.directory, f"{name}.py"), Path(self.directory, name, "__init__.py")]
        taken = _file_of(found, name)
        there = [path for path in meant if path.is_file()]
        if there and not any(taken and taken.exists() and path.samefile(taken) for path in there):
            raise BadFunction(
                f"{self.text}: the name {name!r} belongs to another module ({taken or 'a part of Python'}), so that "
                f"{there[0]} cannot be imported by it; rename the file"
            )

    def _broken(self, error: BaseException) -> BadFunction:
        """The error of a module that raised while it was imported, with its own frames only."""
        import traceback

        shown = traceback.TracebackException.from_exception(error)
        own = [frame for frame in shown.stack if not _is_machinery(frame.filename)]
        shown.stack = traceback.StackSummary.from_list(own)
        shown.__cause__ = shown.__context__ = None
        what = " ".join(f"{type(error).__name__}: {error}".split())
        hint = "; is its main part under if __name__ == '__main__'?" if isinstance(error, SystemExit) else ""
        broken = BadFunction(f"{self.module} cannot be imported: {what[:300]}{hint}")
        broken.add_note("".join(shown.format()).rstrip())
        return broken


def _file_of(module: Any, name: str) -> Path | None:
    """Where a module comes from; of an object that has taken the place of one, where that is found.

    A module may put such an object into sys.modules while it is imported, to load what it has when that is asked for.
    """
    file, spec = (tried(getattr, module, attribute, None)[0] for attribute in ("__file__", "__spec__"))
    if type(file) is str:
        return Path(file)
    if isinstance(spec, ModuleSpec):
        return Path(spec.origin) if spec.has_location and spec.origin else None
    return source_of(name)


def source_of(text: str) -> Path | None:
    """The file of a module or a program that a text names; nothing is imported. None if it names none."""
    if text.endswith(".py") or os.sep in text or "/" in text:
        return Path(text)
    from importlib.machinery import PathFinder

    places: list[str] | None = [str(Path.cwd()), *sys.path]
    origin = None
    for part in text.split("."):
        spec = PathFinder.find_spec(part, places) if places is not None and part.isidentifier() else None
        if spec is None:
            return None
        places, origin = spec.submodule_search_locations, spec.origin
    return Path(origin) if origin and origin.endswith(".py") else None


def _require_function(text: str) -> None:
    """Refuse a file or a module without a function; says which it has, without running it."""
    file = source_of(text)
    if file is None:
        return
    import ast

    try:
        statements = ast.parse(file.read_bytes(), file.name).body
    except OSError as error:
        raise BadFunction(f"cannot read {file}: {error.strerror or error}") from error
    except (SyntaxError, ValueError) as error:
        raise BadFunction(f"{file} is not a Python program: {error}") from error
    found = [one.name for one in statements if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))]
    names = [f"{text}:{name}" for name in found if not name.startswith("_")][:_OFFERED]
    offer = f"did you mean {' or '.join(names)}?" if names else f"write {text}:FUNCTION"
    raise BadFunction(f"{text} names no function; {offer}")


def _is_machinery(filename: str) -> bool:
    own = str(Path(__file__).parent.parent)
    return filename.startswith(("<frozen importlib", own, "<string>")) or "importlib" in Path(filename).parts


def _offer(found: Any, part: str) -> str:
    from difflib import get_close_matches

    names = [name for name in dir(found) if not name.startswith("_")]
    close = get_close_matches(part, names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
