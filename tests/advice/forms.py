"""Every form of a program to paste: written, run in the user's directory, and compared with the measured results.

It is a program of its own: its directory is the user's. It prints a line for everything that is wrong, and the number
of programs that it ran.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import importlib
import os
import runpy
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from concbench.advice.snippet import snippet
from concbench.harness.planning.runner_specs import parse
from concbench.results.passes import ReferencePass
from concbench.runners.sequential import Sequential
from concbench.workloads.function.calling import CallForm, takes_workers
from concbench.workloads.function.facts import FunctionFacts
from concbench.workloads.function.item_source import ItemSource
from concbench.workloads.function.lookup import ObjectPath
from concbench.workloads.function.workload import FunctionWorkload

SHOP = """
import asyncio
import contextlib
import functools

def double(item):
    return item * 2

def add(one, other=10):
    return one + other

def seven():
    return 7

def odd(item):
    if item % 2 == 0:
        raise ValueError(item)
    return item

async def double_later(item):
    await asyncio.sleep(0)
    return item * 2

async def odd_later(item):
    await asyncio.sleep(0)
    return odd(item)

async def add_later(one, other=10):
    return one + other

class Client:
    "It belongs to the first event loop that uses it."
    loop = None

    async def get(self, item):
        await asyncio.sleep(0)
        if self.loop not in (None, asyncio.get_running_loop()):
            raise RuntimeError("Event loop is closed")
        self.loop = asyncio.get_running_loop()
        return item * 2

client = Client()

async def asked(item):
    return await client.get(item)

def now_and_then(item):
    return double_later(item) if item % 2 else item * 2

class Tool:
    def __init__(self, factor):
        self.factor = factor

    @staticmethod
    def double(item):
        return item * 2

    @classmethod
    def named(cls, item):
        return f"{cls.__name__} {item}"

    def times(self, item):
        return item * self.factor

    def __call__(self, item):
        return item + self.factor

tool = Tool(3)
doubled = functools.partial(add, 2)
shorter = lambda item: item - 1
open_ones = []

@contextlib.contextmanager
def opened():
    open_ones.append(0)
    yield
    open_ones.pop()

@contextlib.contextmanager
def told(workers):
    open_ones.append(workers)
    yield
    open_ones.pop()

ready = []

def get_ready():
    ready.append(0)

def needs_ready(item):
    return item * bool(ready)

async def needs_ready_later(item):
    await asyncio.sleep(0)
    return needs_ready(item)

def needs_opened(item):
    return item * len(open_ones)

numbers = [1, 2, 3]
pairs = [[1], [2, 3], (4, 5)]

def more_numbers():
    yield from numbers

def endless():
    item = 0
    while True:
        yield (item := item + 1)
"""
LAYOUTS = {"app": "app.py", "shop": "a src layout/it's/shop.py", "lib.inner.shelf": "src/lib/inner/shelf.py"}
"""Modules in the user's directory, elsewhere, and in a package elsewhere."""
SHARING = ["sequential", "threads", "thread-pool:2", "batched-threads:2", "to-thread:2"]
SHARING += ["joblib:workers=2,backend=threading,batch_size=2"]
FORKED = "process-pool:workers=2,chunksize=2,start_method=fork"
IMPORTED = ["process-pool:2", "mp-pool:2", "processes", "joblib:2"]
"""Runners whose workers import the program, which takes time."""
AWAITING = ["asyncio:2"]


def lay_out() -> None:
    """Write the user's modules."""
    for module, place in LAYOUTS.items():
        path = Path(place)
        for package in list(path.parents)[: module.count(".")]:
            package.mkdir(parents=True, exist_ok=True)
            (package / "__init__.py").touch()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SHOP)
    Path("items.txt").write_text("a\n\nb\n")
    Path("pairs.jsonl").write_text("[1, 1]\n[2, 2]\n[3]\n")
    Path("people.csv").write_text("one,other\nx,y\nz,'\n")
    Path("taken.py").write_text(
        "def double(item):\n    return item * 2\n\ndef __getattr__(name):\n"
        "    if name.startswith('__'):\n        raise AttributeError(name)\n    return double\n"
    )


def named(
    function: str, items: str = "1..3", *, module: str = "app", turned_out: bool = False, **more: Any
) -> FunctionWorkload:
    """A function that is named, as the command line has it."""
    of_source = {name: more.pop(name) for name in ("limit", "sample", "seed") if name in more}
    place = f"{LAYOUTS[module]}:{function}" if module in LAYOUTS else f"{module}:{function}"
    named: dict[str, Any] = {
        name: ObjectPath.read(f"{place.rpartition(':')[0]}:{more.pop(name)}")
        for name in ("context", "coroutine", "initializer")
        if name in more
    }
    how = CallForm(**named, **more, arguments=items != "")
    source = ItemSource(items, repeat=3, **of_source)
    source = replace(source, written=None if source.object_path() else source.find().written)
    found = ObjectPath.read(place)
    facts = replace(
        FunctionFacts.of(found.load(), source.read()),
        items_called=source.is_function(),
        told_workers=how.context is not None and takes_workers(named["context"].load()),
    )
    made = FunctionWorkload(found, how, facts, source=source)
    return made.knowing(ReferencePass(awaitable=True)) if turned_out else made


def given(find: Callable[[Any], Any], items: Any = (3, 1, 2), *, module: str = "shop", **more: Any) -> FunctionWorkload:
    """A workload of a function that is given, as to measure()."""
    loaded = importlib.import_module(module)
    how = {
        name: getattr(loaded, more[name]) if name in {"context", "coroutine", "initializer"} else more[name]
        for name in more
    }
    return FunctionWorkload.of(find(loaded), list(items), CallForm(**how))


def forms() -> Iterator[tuple[str, FunctionWorkload, list[str]]]:
    """The calls, and the runners that can run them."""
    ordinary = [*SHARING, FORKED]
    both = ordinary + AWAITING
    every = both + IMPORTED
    for module in LAYOUTS:
        yield f"{module}: plain", named("double", module=module), [*ordinary, *IMPORTED]
        yield f"{module}: twin", named("double", module=module, coroutine="double_later"), both
        yield f"{module}: context", named("needs_opened", module=module, context="opened"), SHARING
    yield "text", named("double", "items.txt"), ordinary
    yield "items of a module", named("double", "app:numbers"), ordinary
    yield "items of a function, and limit", named("double", "app:endless", limit=4), ordinary
    yield "sample", named("double", "1..90", sample=4, seed=7), both[:3]
    yield "sample of fewer", named("double", "1..3", sample=5), both[:3]
    yield "limit and sample", named("double", "items.txt", limit=2, sample=1, seed=2), both[:3]
    yield "items of another module", named("double", f"{LAYOUTS['shop']}:numbers"), ordinary
    for function in ("Tool.double", "Tool.named", "tool.times", "tool", "doubled"):
        yield f"named {function}", named(function), ordinary
    yield "named lambda", named("shorter"), SHARING
    yield "star", named("add", "pairs.jsonl", star=True), ordinary
    yield "star of items of several lengths", named("add", "app:pairs", star=True), ordinary
    yield "keyword arguments", named("add", "people.csv", star=True), ordinary
    yield "no arguments", named("seven", ""), ordinary
    yield "context told", named("needs_opened", context="told"), SHARING
    yield "tolerate", named("odd", tolerate=True), ordinary
    yield "tolerate all", named("add", "pairs.jsonl", star=True, tolerate=True, context="opened"), ordinary
    yield "coroutine", named("double_later"), both
    yield "coroutine, star", named("add_later", "pairs.jsonl", star=True), both
    yield "coroutine, tolerate", named("odd_later", tolerate=True, context="told"), every
    yield "coroutine, twin", named("odd_later", "1..1", coroutine="double_later"), ordinary
    yield "awaitables now and then", named("now_and_then", turned_out=True), both
    yield "client of one loop", named("asked"), ["sequential", "asyncio:2"]
    yield "client's method", named("client.get"), ["sequential", "asyncio:2"]
    yield "given", given(lambda shop: shop.double), ordinary
    yield "given range", given(lambda shop: shop.double, range(5, 70)), ordinary
    yield "given strings", given(lambda shop: shop.double, ["it's", 'a "b"', "c\\d\u2028"]), ordinary
    yield "given star", given(lambda shop: shop.add, [(1, 2), (3,)], star=True), ordinary
    yield "given elsewhere", given(lambda shelf: shelf.double, module="lib.inner.shelf"), ordinary
    yield "given, of the standard library", given(lambda _: os.path.exists, ["a/b", "app.py"]), ordinary
    yield "given builtin", given(lambda _: len, ["ab", "c"]), ordinary
    yield "given method of a builtin", given(lambda _: str.upper, ["ab", "c"]), ordinary
    yield "given class method", given(lambda shop: shop.Tool.named), ordinary
    yield "given bound method", given(lambda shop: shop.tool.times), ordinary
    yield "given callable", given(lambda shop: shop.tool), ordinary
    yield "given method of a text", given(lambda _: "abc".find, ["b", "z"]), ordinary
    yield "given partial", given(lambda shop: functools.partial(shop.add, other=5)), [*ordinary, *IMPORTED]
    yield "given partial of a method", given(lambda shop: functools.partial(shop.tool.times)), ordinary
    yield "given named partial", given(lambda shop: shop.doubled), ordinary
    yield "given named lambda", given(lambda shop: shop.shorter), SHARING
    yield "given coroutine", given(lambda shop: shop.double_later, tolerate=True, context="told"), both
    yield "given twin", given(lambda shop: shop.double, coroutine="double_later"), both
    yield from forms_with_initializer()


def forms_with_initializer() -> Iterator[tuple[str, FunctionWorkload, list[str]]]:
    """The same calls with an initializer."""
    ordinary, ready = [*SHARING, FORKED], "get_ready"
    yield "initializer", named("needs_ready", initializer=ready), [*ordinary, *IMPORTED]
    yield "initializer, coroutine", named("needs_ready_later", initializer=ready), ordinary + AWAITING
    yield "initializer, tolerate", named("odd", tolerate=True, initializer=ready), ordinary
    yield "initializer, star", named("add", "pairs.jsonl", star=True, initializer=ready), ordinary
    yield "given initializer", given(lambda shop: shop.needs_ready, initializer=ready), ordinary


def names_taken(runners: list[str]) -> set[str]:
    """Every name that the programs of these runners bind or read."""
    found = set()
    for form in (named("double"), named("odd_later", "items.txt", tolerate=True, context="told", limit=2, sample=2)):
        for spec in runners:
            found |= {*bound(tree := ast.parse(snippet(form.call(2), parse(spec).runner))), *read(tree)}
    return {name for name in found - {"double", "odd_later", "told"} if not name.startswith("_")}


def bound(tree: ast.AST) -> set[str]:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    defined = {
        node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    }
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return names | defined | arguments | imported(tree)


def read(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def imported(tree: ast.AST) -> set[str]:
    return {(node.asname or node.name).partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.alias)}


def wrong_in(text: str, expected: list[Any], place: Path) -> str:
    """The faults of a program; empty if it is right."""
    tree = ast.parse(text)
    if unused := imported(tree) - read(tree):
        return f"unused imports: {unused}"
    if unknown := read(tree) - bound(tree) - {*dir(builtins), "error", "__name__"}:
        return f"unknown names: {unknown}"
    place.write_text(text, encoding="utf-8")
    try:
        with as_at_first():
            results = runpy.run_path(str(place), run_name="__main__")["results"]
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "" if repr(list(results)) == repr(expected) else f"{results!r} instead of {expected!r}"


@contextlib.contextmanager
def as_at_first() -> Iterator[None]:
    """Within the block, the user's modules are not imported, and only their directory is on the import path."""
    path, modules, here = [*sys.path], {**sys.modules}, str(Path.cwd())
    sys.path[:] = [here, *(one for one in path if not one.startswith(here))]
    for name, module in modules.items():
        if str(getattr(module, "__file__", None)).startswith(here) or name.partition(".")[0] == "lib":
            del sys.modules[name]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        sys.modules.update(modules)
        if "joblib.externals.loky" in sys.modules:  # its processes, which it keeps, have the path as it was
            sys.modules["joblib.externals.loky"].get_reusable_executor().shutdown()


def measured(workload: FunctionWorkload) -> list[Any]:
    """The results of the sequential runner, in a thread that closes its event loop."""
    with as_at_first(), ThreadPoolExecutor(1) as pool, workload.context(1), Sequential() as runner:
        if workload.initializer is not None:
            workload.initializer()
        return pool.submit(runner.run, workload.function, workload.items).result()


def main(runners: list[str]) -> None:
    """Run every form that one of the runners can run."""
    lay_out()
    for place in LAYOUTS.values():
        ObjectPath.read(f"{place}:double").make_importable()
    every = [(name, form, spec) for name, form, able in forms() for spec in able if spec in runners]
    for name in sorted(names_taken(runners)) if not set(runners) & {*IMPORTED} else []:
        every += [(f"named {name}", named(name, module="taken", turned_out=spec in AWAITING), spec) for spec in runners]
    for number, (name, form, spec) in enumerate(every):
        text = snippet(form.call(2), parse(spec).runner)
        if wrong := wrong_in(text, measured(form), Path(f"pasted_{number}.py")):
            print(f"{name} under {spec}: {wrong}\n{text}")
    print(f"{len(every)} programs")


if __name__ == "__main__":
    main(sys.argv[1:])
