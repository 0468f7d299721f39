"""Lines of Python to paste: the recommended runner with the user's own function and items."""

from __future__ import annotations

import ast
import builtins
import io
import sys
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace

from concbench.program import MAIN, CallExpression, Program, UserName
from concbench.runners.base import Runner
from concbench.task import attempt
from concbench.workloads.function.item_text import quoted

_OS = "import os"
_FIRST = "# Before every other import: libraries read these when they are loaded, and workers inherit them."
_LONG = 40
"""Length in characters above which the items get a line of their own."""


def snippet(call: CallExpression, runner: Runner, variables: Mapping[str, str] | None = None) -> str:
    """A complete program that runs the function over the items and binds `results` to the list of results.

    The runner writes it (`program`). If it cannot, the program uses the runner itself; the text is empty if the runner
    cannot be imported.

    Args:
        call: the function and the items.
        runner: the recommended runner.
        variables: environment variables that the program sets before it imports anything: libraries read them when
            they are loaded, and workers inherit them.
    """
    before = [*call.before, f"items = {call.items}"] if call.before or len(call.items) > _LONG else []
    call = replace(call, items="items") if before else call
    call = replace(call, sends_results=getattr(getattr(runner, "traits", None), "pickles", None) is not False)
    first = variables or {}
    written, _ = attempt(lambda: _layout(runner.program(call), call, before, first))  # type: ignore[attr-defined] # most have one
    if isinstance(written, str):
        return written
    program = _program_with(runner, call)
    return _layout(program, call, before, first) if program is not None else ""


def _program_with(runner: Runner, call: CallExpression) -> Program | None:
    """A program that uses the runner itself."""
    module, name = type(runner).__module__, type(runner).__qualname__
    if module == MAIN or "<" in name:
        return None
    settings = [field.name for field in fields(runner) if field.init] if is_dataclass(runner) else list[str]()
    arguments = ", ".join(f"{setting}={getattr(runner, setting)!r}" for setting in settings)
    call = (call.awaited() if getattr(runner, "awaits", False) else call.ordinary()).of_one_item()
    return call.program(
        f"with {name}({arguments}) as runner:",
        f"    results = runner.run({call.function}, list({call.items}))",
        imports=[f"from {module} import {name.partition('.')[0]}"],
        guarded=True,
    )


def _layout(program: Program, call: CallExpression, before: list[str], variables: Mapping[str, str]) -> str:
    """The text of the whole program.

    Raises:
        SyntaxError: the code of the runner is not valid Python.
    """
    body = [*before, *(program.body if program.entered else call.entering(*program.body))]
    if program.guarded:
        body = ['if __name__ == "__main__":', *(f"    {line}" for line in body)]
    code = "\n\n\n".join([*program.definitions, "\n".join(body)])
    used = _names_in(code)
    lines = [line for line in dict.fromkeys(program.imports) if isinstance(line, str) and used & _names_in(line)]
    if variables and _OS not in lines:
        lines.append(_OS)
    users = [name for name in dict.fromkeys(program.imports) if isinstance(name, UserName) and name.stand_in in used]
    main_names = {name.name for name in users if name.module == MAIN}
    if main_names:
        code, lines = _without_clashes(code, lines, call.reserved_names | main_names)
    reserved = _names_in(code).union(*map(_names_in, lines))
    names = _final_names(users, reserved)
    for name, final in names.items():
        code = code.replace(name.stand_in, final)
    return _text(names, lines, code, variables)


def _text(names: Mapping[UserName, str], lines: list[str], code: str, variables: Mapping[str, str]) -> str:
    """Join the parts in order: variables, standard library, import paths, other imports, code."""
    import_os = next((line for line in lines if line.split()[:2] == _OS.split()), "") if variables else ""
    settings = [
        f"{_bound_name(import_os)}.environ[{quoted(name)}] = {quoted(value)}" for name, value in variables.items()
    ]
    lines = [line for line in lines if line != import_os]
    directories = sorted({name.directory for name in names if name.directory})
    lines = [*lines, *(["import sys"] if directories else [])]
    standard = sorted({line for line in lines if _is_standard(line)}, key=_import_order)
    other_imports = [*(line for line in lines if line not in standard), *_imports_of(names)]
    paths = [f"sys.path.insert(0, {quoted(directory)})" for directory in directories]
    names_of_main = [final for name, final in names.items() if name.module == MAIN]
    comment = f"# Add this to your main program, which defines {' and '.join(names_of_main)}." if names_of_main else ""
    first = "\n".join([_FIRST, import_os, "", *settings]) if settings else ""
    parts = [comment, first, "\n".join(standard), "\n".join(paths), "\n".join(other_imports)]
    head = "\n\n".join(part for part in parts if part)
    gap = "\n\n\n" if code.startswith(("def ", "async def ", "class ")) else "\n\n"
    return f"{head}{gap if head else ''}{code}\n"


def _final_names(users: Iterable[UserName], reserved: Collection[str]) -> dict[UserName, str]:
    """Choose the names of the user's objects in the program: their own names unless these are reserved."""
    names: dict[UserName, str] = {name: name.name for name in users if name.module == MAIN}
    for user in users:
        if user in names:
            continue
        name = user.name
        if name in reserved or name in names.values():
            name = f"{user.module.rpartition('.')[2]}_{name}"
        while name in reserved or name in names.values():
            name += "_"
        names[user] = name
    return names


def _imports_of(names: Mapping[UserName, str]) -> Iterator[str]:
    """An import line for each of the user's modules."""
    for module in dict.fromkeys(name.module for name in names if name.module != MAIN):
        parts = [
            name.name if name.name == final else f"{name.name} as {final}"
            for name, final in names.items()
            if name.module == module
        ]
        yield f"from {module} import {', '.join(sorted(parts))}"


def _without_clashes(code: str, lines: list[str], reserved: Collection[str]) -> tuple[str, list[str]]:
    """Rename what would clash with names of the program to which the code is added; returns code and imports."""
    bound = _names_in(code).union(*map(_names_in, lines))
    new: dict[str, str] = {}
    for name in sorted(bound & set(reserved)):
        number = 2
        while (other := f"{name}_{number}") in bound or other in reserved:
            number += 1
        new[name] = other
    builtin_imports = [f"from builtins import {name} as {new[name]}" for name in new if hasattr(builtins, name)]
    imports = [f"{line} as {new[name]}" if (name := _bound_name(line)) in new else line for line in lines]
    return _renamed(code, new), [*imports, *builtin_imports]


def _renamed(code: str, new: Mapping[str, str]) -> str:
    """The code with its own names replaced; names of attributes and keyword arguments stay."""
    occurrences: list[tuple[int, int, str]] = []
    depth = 0
    tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    for before, token, after in zip([tokens[0], *tokens], tokens, [*tokens[1:], tokens[-1]], strict=False):
        depth += (token.string in {"(", "[", "{"}) - (token.string in {")", "]", "}"})
        is_keyword = depth > 0 and after.string == "="
        if token.type == tokenize.NAME and token.string in new and before.string != "." and not is_keyword:
            occurrences.append((*token.start, token.string))
    lines = code.split("\n")
    for row, column, name in reversed(occurrences):
        line = lines[row - 1]
        lines[row - 1] = f"{line[:column]}{new[name]}{line[column + len(name) :]}"
    return "\n".join(lines)


def _names_in(code: str) -> set[str]:
    """The names that the code binds or reads, stand-ins included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names.add(other or name.partition(".")[0])
    return names


def _bound_name(line: str) -> str:
    """The name that an import line binds."""
    return line.rsplit(maxsplit=1)[-1].partition(".")[0]


def _is_standard(line: str) -> bool:
    return line.split()[1].partition(".")[0] in sys.stdlib_module_names


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line
