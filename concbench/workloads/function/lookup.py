"""Functions found by name: `module:function`, `pkg.module:Class.method`, `path/to/file.py:function`.

Standard library only: the measuring process imports this.
"""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concbench.errors import BadFunction
from concbench.task import attempt, exception_text

if TYPE_CHECKING:
    import ast

_MAX_OFFERS = 4
"""Number of functions of a file that are offered if none was named."""


@dataclass(frozen=True)
class ObjectPath:
    """The place of an object: its module, and its name in it."""

    text: str
    """The name as it was written."""
    module: str
    """The dotted name under which the module is imported."""
    attribute: str
    """The dotted name within the module."""
    directory: str
    """The absolute path of the directory that must be on the import path."""
    file: str = ""
    """The absolute path of the file, if one was named."""

    @classmethod
    def read(cls, text: str, directory: str = "") -> ObjectPath:
        """Read a name; nothing is imported.

        Args:
            text: the name.
            directory: where modules and relative paths are found; the current one if it is empty.

        Raises:
            BadFunction: it has another form, or the file does not exist.
        """
        module, colon, attribute = text.rpartition(":")
        if not attribute or not colon:
            _require_function(text.removesuffix(":"))
        readable = module and not module.endswith(":") and all(part.isidentifier() for part in attribute.split("."))
        if not readable:
            raise BadFunction(f"cannot read {text!r}; {_form_advice(text)}")
        if _is_path(module):
            return cls._in_file(text, Path(directory, module), attribute)
        for part in module.split("."):
            if not part.isidentifier():
                advice = _rename_advice(module, part)
                raise BadFunction(f"cannot read {text!r}: {part!r} is not a valid module name; {advice}")
        return cls(text, module, attribute, directory or str(Path.cwd()))

    @classmethod
    def _in_file(cls, text: str, file: Path, attribute: str) -> ObjectPath:
        if not file.is_file():
            raise BadFunction(_missing_file_message(file, attribute))
        file = file.absolute()
        if not file.stem.isidentifier():
            raise BadFunction(
                f"{file.name} cannot be imported: {file.stem!r} is not a valid module name; rename the file, "
                f"for example to {_identifier(file.stem)}.py"
            )
        names, directory = [file.stem], file.parent
        while (directory / "__init__.py").is_file() and directory.name.isidentifier():
            names.insert(0, directory.name)
            directory = directory.parent
        return cls(text, ".".join(names), attribute, str(directory), str(file))

    def make_importable(self) -> None:
        """Put its directory on the import path, where pickles find the modules of their objects."""
        if self.directory not in sys.path:
            sys.path.insert(0, self.directory)

    def load(self) -> Any:
        """Import the module and find the object.

        Raises:
            BadFunction: there is no such object, or its module cannot be imported; the end of the traceback is a note.
        """
        self.make_importable()
        module = self._module()
        target, name = module, self.module
        for part in self.attribute.split("."):
            inner, missing = attempt(getattr, target, part)
            if isinstance(missing, AttributeError):
                raise BadFunction(f"{name} has no {part}{self._offer(target, part)}")
            if missing is not None:
                raise BadFunction(f"{part} of {name} cannot be read: {exception_text(missing)}")
            target, name = inner, f"{name}{'.' if ':' in name else ':'}{part}"
        return target

    def _offer(self, target: Any, part: str) -> str:
        """A suggestion: a module within a package, a function of one of its modules, or a similar name."""
        from difflib import get_close_matches

        if hasattr(target, "__path__"):
            module, rest = target.__name__, self.attribute.split(".")
            while rest and source_file(f"{module}.{rest[0]}"):
                module = f"{module}.{rest.pop(0)}"
            if module != target.__name__:
                return f" before that module is imported; write {module}:{'.'.join(rest) or 'FUNCTION'}"
            modules = _modules_of(target)
            defining = [module for module, file in modules.items() if file and part in _defined_functions(file)]
            if defining:
                return f"; did you mean {target.__name__}.{defining[0]}:{self.attribute}?"
        names = [name for name in dir(target) if not name.startswith("_")]
        close = get_close_matches(part, names, n=1, cutoff=0.6)
        return f"; did you mean {close[0]!r}?" if close else ""

    def _module(self) -> Any:
        try:
            module = importlib.import_module(self.module)
        except ModuleNotFoundError as missing:
            name = missing.name or ""
            if name == self.module or self.module.startswith(f"{name}."):
                raise BadFunction(self._missing_module_message(name)) from None
            raise self._import_error(missing) from missing
        except BaseException as error:  # such as SystemExit of a script without a main guard
            if isinstance(error, KeyboardInterrupt):
                raise
            raise self._import_error(error) from error
        self._require_expected_file(module)
        return module

    def _missing_module_message(self, name: str) -> str:
        """Say what is missing; a function that was written like a module is not a missing module."""
        parent, _, last = name.rpartition(".")
        owner = sys.modules.get(parent)
        if owner is not None and not hasattr(owner, "__path__"):
            rest = self.module.removeprefix(name)
            hint = f"; write {parent}:{last}{rest}.{self.attribute}" if hasattr(owner, last) else ""
            return f"{parent} is a module and not a package, so that it has no module {last!r}{hint}"
        return f"there is no module {name!r} here, nor on the import path"

    def _require_expected_file(self, module: Any) -> None:
        """Refuse a module that is not the one in the named file, or not the one that lies here under its name."""
        loaded, name = module, self.module
        expected = [Path(self.file)]
        if not self.file:
            name = self.module.partition(".")[0]
            loaded = sys.modules.get(name)
            expected = [Path(self.directory, f"{name}.py"), Path(self.directory, name, "__init__.py")]
        actual = _file_of(loaded, name)
        existing = [path for path in expected if path.is_file()]
        if existing and not any(actual and actual.exists() and path.samefile(actual) for path in existing):
            raise BadFunction(
                f"{self.text}: the name {name!r} belongs to another module ({actual or 'a part of Python'}), so that "
                f"{existing[0]} cannot be imported by that name; rename the file"
            )

    def _import_error(self, error: BaseException) -> BadFunction:
        """The error of a module that raised while it was imported, with its own frames only."""
        import traceback

        trace = traceback.TracebackException.from_exception(error)
        frames = [frame for frame in trace.stack if not _is_machinery(frame.filename)]
        trace.stack = traceback.StackSummary.from_list(frames)
        trace.__cause__ = trace.__context__ = None
        text = " ".join(f"{type(error).__name__}: {error}".split())
        hint = "; is its main part under if __name__ == '__main__'?" if isinstance(error, SystemExit) else ""
        folder = Path(self.directory)
        if isinstance(error, ImportError) and "relative import" in str(error) and (folder / "__init__.py").is_file():
            hint = f"; the folder {folder.name!r} cannot be a package, since that is not a valid Python name: rename it"
        failure = BadFunction(f"{self.module} cannot be imported: {text[:300]}{hint}")
        failure.add_note("".join(trace.format()).rstrip())
        return failure


def _is_path(text: str) -> bool:
    """Whether a text is the path of a file, and not the name of a module."""
    return text.endswith(".py") or os.sep in text or "/" in text


def _form_advice(text: str) -> str:
    """Advice on what to write instead of a text that cannot be read."""
    with_colon = dotted(text)
    if with_colon:
        return f"write {with_colon}"
    module, _, attribute = text.partition(":")
    name = attribute.strip(":").partition("(")[0]
    if module and name != attribute and name and all(part.isidentifier() for part in name.split(".")):
        return f"write {module}:{name}"
    invalid = next((part for part in attribute.split(".") if part and not part.isidentifier()), "")
    if module and invalid and ":" not in attribute:
        return f"{invalid!r} is not a valid Python name; write module:function or path/to/file.py:function"
    return "write module:function or path/to/file.py:function"


def dotted(text: str) -> str:
    """A dotted name with a colon after the part that is an existing module; empty if there is none."""
    names = text.split(".") if ":" not in text and all(map(str.isidentifier, text.split("."))) else []
    for count in range(len(names) - 1, 0, -1):
        module = ".".join(names[:count])
        if source_file(module) is not None:
            return f"{module}:{'.'.join(names[count:])}"
    return ""


def _missing_file_message(file: Path, attribute: str) -> str:
    """Say that there is no such file, and what was probably meant."""
    with_suffix = file.with_name(f"{file.name}.py")
    if with_suffix.is_file():
        return f"there is no file {file}; did you mean {with_suffix}:{attribute}?"
    if file.is_dir():
        return f"{file} is a folder; name the file in it, such as {file / 'app.py'}:{attribute}"
    return f"there is no file {file}"


def _rename_advice(module: str, part: str) -> str:
    """Advice on a part of a module's name that is not a name."""
    path = Path(*module.split("."))
    if path.with_name(f"{path.name}.py").is_file():
        return f"rename {path}.py, for example to {_identifier(part)}{'.py' if path.name == part else ''}"
    return "write module:function"


def _identifier(text: str) -> str:
    """A similar name that a program can import."""
    name = "".join(sign if sign.isidentifier() or sign.isdigit() else "_" for sign in text)
    return name if name.isidentifier() else f"_{name}"


def _modules_of(package: Any) -> dict[str, Path | None]:
    """The modules of a package, each with its source file; nothing is imported."""
    from pkgutil import iter_modules

    folders = [Path(folder) for folder in package.__path__]
    candidates = {
        module.name: [folder / f"{module.name}.py" for folder in folders] for module in iter_modules(package.__path__)
    }
    return {name: next((path for path in paths if path.is_file()), None) for name, paths in candidates.items()}


def _defined_functions(file: Path) -> list[str]:
    """The functions that a file defines, in their order; empty if it cannot be read."""
    import ast

    try:
        return _functions_in(ast.parse(file.read_bytes(), file.name))
    except (OSError, SyntaxError, ValueError):
        return []


def _functions_in(program: ast.Module) -> list[str]:
    import ast

    return [part.name for part in program.body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))]


def _file_of(module: Any, name: str) -> Path | None:
    """The file of a module, or of the module whose place another object has taken.

    A module may put such an object into sys.modules while it is imported, to load its contents when they are needed.
    """
    file, spec = (attempt(getattr, module, attribute, None)[0] for attribute in ("__file__", "__spec__"))
    if type(file) is str:
        return Path(file)
    if isinstance(spec, ModuleSpec):
        return Path(spec.origin) if spec.has_location and spec.origin else None
    return source_file(name)


def source_file(text: str) -> Path | None:
    """The file of a module or a program that a text names, without importing it; None if there is none."""
    if _is_path(text):
        return Path(text)
    from importlib.machinery import PathFinder

    search_path: list[str] | None = [str(Path.cwd()), *sys.path]
    origin = None
    for part in text.split("."):
        spec = PathFinder.find_spec(part, search_path) if search_path is not None and part.isidentifier() else None
        if spec is None:
            return None
        search_path, origin = spec.submodule_search_locations, spec.origin
    return Path(origin) if origin and origin.endswith(".py") else None


def _require_function(text: str) -> None:
    """Refuse a file or a module without a function, and offer the functions that it has, without running it."""
    file = source_file(text)
    if file is None:
        return
    import ast

    try:
        program = ast.parse(file.read_bytes(), file.name)
    except OSError as error:
        raise BadFunction(f"cannot read {file}: {error.strerror or error}") from error
    except (SyntaxError, ValueError) as error:
        raise BadFunction(f"{file} is not a Python program: {error}") from error
    names = [f"{text}:{name}" for name in _functions_in(program) if not name.startswith("_")][:_MAX_OFFERS]
    offer = f"did you mean {' or '.join(names)}?" if names else f"write {text}:FUNCTION"
    raise BadFunction(f"{text} does not name a function; {offer}")


def _is_machinery(filename: str) -> bool:
    package = str(Path(__file__).parent.parent)
    return filename.startswith(("<frozen importlib", package, "<string>")) or "importlib" in Path(filename).parts
