"""Lines of Python to paste: the recommended runner with the user's own function and items."""

from __future__ import annotations

import sys
from dataclasses import fields, is_dataclass, replace

from concbench.program import Call, Program
from concbench.runners.base import Runner
from concbench.task import tried

_LONG = 40
"""Characters of items from which they get a line of their own."""


def snippet(call: Call, runner: Runner) -> str:
    """A complete program that runs the function over the items and leaves the list of `results`.

    It is what the runner says (`program`), else a program that uses the runner itself; empty where that cannot be
    imported.
    """
    before = [*call.before, f"items = {call.items}"] if call.before or len(call.items) > _LONG else []
    call = replace(call, items="items") if before else call
    written, _ = tried(lambda: runner.program(call))  # type: ignore[attr-defined] # most have one
    program = written if isinstance(written, Program) else _with(runner, call)
    if program is None:
        return ""
    body = [*before, *program.body]
    if program.guarded:
        body = ['if __name__ == "__main__":', *(f"    {line}" for line in body)]
    imports = dict.fromkeys(program.imports)
    standard = sorted((line for line in imports if _is_standard(line)), key=_import_order)
    others = [line for line in imports if line not in standard]
    definitions = [f"\n{definition}\n" for definition in program.definitions]
    parts = ["\n".join(standard), "\n".join(others), *definitions, "\n".join(body)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _with(runner: Runner, call: Call) -> Program | None:
    """A program that uses the runner itself."""
    module, name = type(runner).__module__, type(runner).__qualname__
    if module == "__main__" or "<" in name:
        return None
    settings = [field.name for field in fields(runner) if field.init] if is_dataclass(runner) else list[str]()
    written = ", ".join(f"{setting}={getattr(runner, setting)!r}" for setting in settings)
    awaits = getattr(runner, "awaits", False)
    call = (replace(call, function=call.coroutine or call.function) if awaits else call.ordinary()).of_one_item()
    return call.program(
        f"with {name}({written}) as runner:",
        f"    results = runner.run({call.function}, list({call.items}))",
        imports=[f"from {module} import {name.partition('.')[0]}"],
        guarded=True,
    )


def _is_standard(line: str) -> bool:
    return line.split()[1].partition(".")[0] in sys.stdlib_module_names


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line
