"""Lines of Python to paste: the recommended runner with the user's own function and items, standard library only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from concbench.workloads.call import Call


def snippet(call: Call, runner: str, settings: Mapping[str, Any]) -> str:
    """A complete program that runs the function over the items and leaves the list of `results`."""
    write = _WRITERS.get(runner, _with_our_runner(runner))
    before = [*call.before, f"items = {call.items}"] if call.before or len(call.items) > _LONG else []
    imports, definitions, body = write(replace(call, items="items") if before else call, settings)
    guarded = body[0].startswith("if __name__")
    body = [*body[:guarded], *(f"{'    ' * guarded}{line}" for line in before), *body[guarded:]]
    standard = sorted({line for line in imports if not line.startswith("from concbench")}, key=_import_order)
    own = [*(line for line in imports if line.startswith("from concbench")), *dict.fromkeys(call.imports)]
    stdlib_of_items = [line for line in own if _is_standard(line)]
    own = [line for line in own if line not in stdlib_of_items]
    head = sorted({*standard, *stdlib_of_items}, key=_import_order)
    parts = ["\n".join(head), "\n".join(own), *definitions, "\n".join(body)]
    return "\n\n".join(part for part in parts if part) + "\n"


_LONG = 40
"""Characters of items from which they get a line of their own."""
Parts = tuple[list[str], list[str], list[str]]
"""Import lines, definitions, and the lines that do it."""


def _sequential(call: Call, settings: Mapping[str, Any]) -> Parts:
    del settings
    imports, definitions, function = _ordinary(call)
    return imports, definitions, [f"results = [{_called(call, function)} for item in {call.items}]"]


def _thread_pool(call: Call, settings: Mapping[str, Any]) -> Parts:
    imports, definitions, function = _ordinary(call)
    body = [
        f"with ThreadPoolExecutor({settings['workers']}) as pool:",
        f"    results = list({_mapped(call, function)})",
    ]
    return ["from concurrent.futures import ThreadPoolExecutor", *imports], definitions, body


def _threads(call: Call, settings: Mapping[str, Any]) -> Parts:
    del settings
    imports, definitions, function = _ordinary(call)
    definition = "\n".join(
        [
            "",
            "def work(place, item):",
            "    try:",
            f"        results[place] = {_called(call, function)}",
            "    except Exception as error:",
            "        errors.append(error)",
            "",
        ]
    )
    body = [
        f"items = list({call.items})",
        "results, errors = [None] * len(items), []",
        "threads = [threading.Thread(target=work, args=pair) for pair in enumerate(items)]",
        "for thread in threads:",
        "    thread.start()",
        "for thread in threads:",
        "    thread.join()",
        "if errors:",
        "    raise errors[0]",
    ]
    return ["import threading", *imports], [*definitions, definition], body


def _process_pool(call: Call, settings: Mapping[str, Any]) -> Parts:
    imports, definitions, function = _ordinary(call)
    chunk = settings.get("chunksize", 1)
    chunks = f", chunksize={chunk}" if chunk != 1 else ""
    method = settings.get("start_method", "spawn")
    body = [
        'if __name__ == "__main__":',
        f"    context = multiprocessing.get_context({method!r})".replace("'", '"'),
        f"    with ProcessPoolExecutor({settings['workers']}, mp_context=context) as pool:",
        f"        results = list({_mapped(call, function, chunks)})",
    ]
    wanted = ["import multiprocessing", "from concurrent.futures import ProcessPoolExecutor", *imports]
    return wanted, definitions, body


def _asyncio(call: Call, settings: Mapping[str, Any]) -> Parts:
    function = call.coroutine or call.function
    definition = "\n".join(
        [
            "",
            "async def work(items):",
            f"    at_once = asyncio.Semaphore({settings['workers']})",
            "",
            "    async def one(item):",
            "        async with at_once:",
            f"            return await {_called(call, function)}",
            "",
            "    return await asyncio.gather(*(one(item) for item in items))",
            "",
        ]
    )
    return ["import asyncio"], [definition], [f"results = asyncio.run(work({call.items}))"]


def _with_our_runner(runner: str) -> Callable[[Call, Mapping[str, Any]], Parts]:
    name = "".join(part.capitalize() for part in runner.split("-"))

    def write(call: Call, settings: Mapping[str, Any]) -> Parts:
        imports, definitions, function = _ordinary(call, always=True)
        written = ", ".join(f"{key}={value!r}" for key, value in settings.items())
        body = [
            'if __name__ == "__main__":',
            f"    with {name}({written}) as runner:",
            f"        results = runner.run({function}, list({call.items}))",
        ]
        return [f"from concbench import {name}", *imports], definitions, body

    return write


_WRITERS: dict[str, Callable[[Call, Mapping[str, Any]], Parts]] = {
    "sequential": _sequential,
    "thread-pool": _thread_pool,
    "threads": _threads,
    "process-pool": _process_pool,
    "asyncio": _asyncio,
}
"""Others are written with our own runners. To add one: write it, and its line here."""


def _ordinary(call: Call, *, always: bool = False) -> tuple[list[str], list[str], str]:
    """The function as an ordinary one: a coroutine function gets an event loop for each call."""
    if not call.awaits and not always:
        return [], [], call.function
    if not call.awaits and not call.star and call.arguments:
        return [], [], call.function
    inner = _called(call, call.function)
    body = f"asyncio.run({inner})" if call.awaits else inner
    definition = f"\ndef call(item):\n    return {body}\n"
    return ["import asyncio"] if call.awaits else [], [definition], "call"


def _called(call: Call, function: str) -> str:
    if function == "call":
        return "call(item)"
    return f"{function}({'*item' if call.star else 'item' if call.arguments else ''})"


def _mapped(call: Call, function: str, more: str = "") -> str:
    if function == "call" or (call.arguments and not call.star):
        return f"pool.map({function}, {call.items}{more})"
    if call.star:
        return f"pool.map({function}, *zip(*{call.items}){more})"
    return f"future.result() for future in [pool.submit({function}) for _ in {call.items}]"


def _is_standard(line: str) -> bool:
    return line.split()[1].partition(".")[0] in {"json", "pathlib", "sys"}


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line
