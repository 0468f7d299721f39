"""Messages on a function that cannot be found or called: what is wrong, and what to write."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from concbench.errors import BadFunction
from concbench.harness.planning.workload_specs import is_function
from concbench.workloads.function.calling import CallForm, require_callable
from concbench.workloads.function.lookup import ObjectPath

APP = """
class Model:
    def predict(self, x): return x
    def load(self): return self
    @staticmethod
    def double(x): return 2 * x
    @property
    def size(self): return 3
class Cold:
    def predict(self, x): return x
class Nothing: pass
model = Model()
def one(a): return a
def two(a, b): return a
def named(a, *, b): return a
def none(): return 1
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A working directory with a module, a package, and files and folders whose names are not identifiers."""
    for name in (
        "named_app.py", "my-app.py", "my-project/__init__.py", "my-project/apart.py", "my-project/inner/__init__.py",
        "my-project/inner/deep.py", "a folder/spaced.py", "named_package/__init__.py", "named_package/sub/__init__.py",
        "named_package/sub/leaf.py",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if name.endswith("__init__.py") else APP)
    (tmp_path / "my-project/relative.py").write_text("from . import apart\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name, module in [*sys.modules.items()]:
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


def called(text: str, *items: Any, **how: Any) -> None:
    """Examine a named function as the probe does."""
    place = ObjectPath.read(text)
    require_callable(place.load(), place.text, items, CallForm(**how))


@pytest.mark.parametrize(
    ("text", "module"),
    [
        ("a folder/spaced.py:one", "spaced"),
        ("my-project/apart.py:one", "apart"),
        ("my-project/inner/deep.py:one", "inner.deep"),
        ("named_package/sub/leaf.py:one", "named_package.sub.leaf"),
        ("named_package.sub.leaf:Model.double", "named_package.sub.leaf"),
        ("named_app:model.predict", "named_app"),
    ],
)
def test_a_module_is_imported_by_as_much_of_its_path_as_has_names(text: str, module: str) -> None:
    """A folder with a dash cannot be a package; the modules in it can still be imported."""
    assert ObjectPath.read(text).module == module
    called(text, 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("my-app.py:one", "is not a valid module name; rename the file, for example to my_app.py"),
        ("my-app:one", "'my-app' is not a valid module name; rename my-app.py, for example to my_app.py"),
        ("my-project/relative.py:one", "the folder 'my-project' cannot be a package"),
        ("named_package:sub.leaf.one", "write named_package.sub.leaf:one"),
        ("named_package:sub", "write named_package.sub:FUNCTION"),
        ("named_package.sub:one", "named_package.sub has no one; did you mean named_package.sub.leaf:one?"),
        ("named_package.sub.laef:one", "there is no module 'named_package.sub.laef'"),
        ("named_package/sub:one", "named_package/sub is a folder; name the file in it"),
        ("named_package/sub/leaf:one", "did you mean named_package/sub/leaf.py:one?"),
        ("named_app:Modle.predict", "named_app has no Modle; did you mean 'Model'?"),
        ("named_app:model.predikt", "named_app:model has no predikt; did you mean 'predict'?"),
        ("named_app.one:x", "a module and not a package, so that it has no module 'one'; write named_app:one.x"),
        ("named_app.one", "write named_app:one"),
        ("named_package.sub.leaf.Model.double", "write named_package.sub.leaf:Model.double"),
        ("named_app::one", "write named_app:one"),
        ("named_app.py::one", "write named_app.py:one"),
        ("named_app:one()", "write named_app:one"),
        ("named_app:my-one", "'my-one' is not a valid Python name"),
    ],
)  # fmt: skip
def test_the_part_of_a_name_that_is_wrong_is_named(text: str, says: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(BadFunction, match=re.escape(says)):
        called(text, 1)


def test_a_dot_in_place_of_the_colon_is_a_function_that_is_misspelt_and_no_workload() -> None:
    """The message does not mention workloads."""
    assert is_function("named_app.one")
    assert not is_function("nowhere.one")
    assert not is_function("primes")


@pytest.mark.parametrize(
    ("text", "item", "how", "says"),
    [
        ("Model.predict", 1, {}, "an unbound method of Model; did you mean named_app:model.predict?"),
        ("Model.predict", [1, 2], {"star": True}, "did you mean named_app:model.predict?"),
        ("Model.load", 1, {}, "did you mean named_app:model.load?"),
        ("Cold.predict", 1, {}, "such as thing = Cold(...), and name named_app:thing.predict"),
        ("Model.size", 1, {}, "is a property"),
        ("Nothing", 1, {}, "the class named_app:Nothing() cannot be called with (1)"),
        ("none", 1, {}, "leave out the items"),
        ("none", [1], {"star": True}, "leave out the items"),
        ("two", (1, 2), {}, "if an item holds several arguments, add --star"),
        ("two", {"a": 1, "b": 2}, {}, "if an item holds several arguments, add --star"),
        ("named", {"a": 1, "b": 2}, {}, "if an item holds several arguments, add --star"),
        ("two", {"a": 1, "c": 2}, {}, "make each a list of all arguments and add --star"),
        ("two", 1, {}, "make each a list of all arguments and add --star"),
        ("two", (1, 2, 3), {}, "make each a list of all arguments and add --star"),
        ("two", (1,), {"star": True}, "an item must hold as many values as the function takes"),
        ("two", 1, {"star": True}, "make each item a list of arguments"),
        ("one", 1, {"star": True}, "leave out --star"),
        ("one", (1, 2), {"star": True}, "leave out --star"),
        ("named", 1, {}, "make each item a dict of all arguments by their names and add --star, or name"),
        ("named", (1, 2), {"star": True}, "make each item a dict of all arguments by their names, or name"),
        ("two", 1, {"arguments": False}, "--items"),
    ],
)
def test_the_advice_on_arguments_would_help(text: str, item: Any, how: dict[str, Any], says: str) -> None:
    """Unpacking items is advised if it would help, and leaving that out if the items fit unchanged."""
    with pytest.raises(BadFunction, match=re.escape(says)) as refused:
        called(f"named_app:{text}", item, **how)
    assert ("--star" in str(refused.value)) == ("--star" in says)


def test_every_item_is_looked_at_before_the_first_call() -> None:
    """Items have different lengths, and one of them is not a list."""
    with pytest.raises(BadFunction, match="which is item 2: missing"):
        called("named_app:two", (1, 2), (3, 4), (5,), star=True)
    with pytest.raises(BadFunction, match=r"item 1, 5, cannot .*; others can"):
        called("named_app:two", (1, 2), 5, star=True)


def test_methods_are_called_on_objects_and_functions_of_a_class_on_anything() -> None:
    """An item may be the object of a method; a class may be a mere place for functions."""
    place = ObjectPath.read("named_app:Model.load")
    method = place.load()
    model = ObjectPath.read("named_app:model").load()
    require_callable(method, place.text, [model], CallForm())
    called("named_app:Model.double", 1)
