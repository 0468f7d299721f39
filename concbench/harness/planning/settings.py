"""Settings behind a name, of a runner or of a workload: `thread-pool:32`, `download:images=100,latency=5ms`.

    TEXT    = NAME [":" SETTING {"," SETTING}]
    SETTING = KEY "=" VALUE

A value is a text of its kind (`concbench.values`), and a list has plus signs between its values. The parameters of a
class declare its settings with their kinds and defaults.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from concbench.errors import BadSetting, nearest
from concbench.values import INTEGER, NUMBER, SWITCH, TEXT, Declared, Kind, many, one_of

REQUIRED = inspect.Parameter.empty
"""The default of a setting that must be given."""
_PLAIN = {int: INTEGER, float: NUMBER, bool: SWITCH, str: TEXT}


@dataclass(frozen=True)
class Setting:
    """A declared setting."""

    declared: Declared
    default: Any

    @property
    def kind(self) -> Kind:
        """The kind of its values."""
        return self.declared.kind

    @property
    def default_text(self) -> str:
        """Its default as it is written; empty if it has none, or one that is not of its kind, such as None."""
        return self.kind.write(self.default) if isinstance(self.default, self.kind.types) else ""


def split(text: str, what: str, unnamed: str = "") -> tuple[str, dict[str, str]]:
    """Split a text into a name and its settings, still as texts.

    Args:
        text: the text.
        what: runner or workload, for a message.
        unnamed: the setting that may be written without its name.

    Raises:
        BadSetting: a part is not a setting, or a setting occurs twice.
    """
    name, colon, rest = text.strip().partition(":")
    name, texts = name.strip(), dict[str, str]()
    for part in rest.split(",") if colon else []:
        key, equals, value = (piece.strip() for piece in part.partition("="))
        key, value = (key.replace("-", "_"), value) if equals else (unnamed, key)
        if not key or not value:
            if value and texts:
                last = f"{[*texts][-1]}={[*texts.values()][-1]}+{value}"
                raise BadSetting(f"cannot read the {what} {text!r}; separate several values with plus signs: {last}")
            short = f", {name}:4 or {name}:{unnamed}=4" if unnamed else f" or {name}:KEY=VALUE"
            raise BadSetting(f"cannot read the {what} {text!r}; write {name}{short} (KEY=VALUE, ...)")
        if key in texts:
            raise BadSetting(f"{name} has {key} twice in {text!r}; leave out one")
        texts[key] = value
    return name, texts


def joined(name: str, texts: Mapping[str, str]) -> str:
    """Join a name and its settings into a text; the inverse of `split`."""
    return f"{name}:{','.join(f'{key}={value}' for key, value in texts.items())}" if texts else name


def values_of(name: str, texts: Mapping[str, str], settings: Mapping[str, Setting]) -> dict[str, Any]:
    """Convert the texts of settings to values.

    Raises:
        BadSetting: there is no such setting, or a text is not of its kind.
    """
    values = {}
    for key, text in texts.items():
        if key not in settings:
            offer = nearest(key, list(settings)) if settings else "it has no settings"
            raise BadSetting(f"{name} has no setting {key!r}; {offer}")
        try:
            values[key] = settings[key].kind.read(text)
        except BadSetting as error:
            raise BadSetting(f"{key} of {name}: {error}") from None
    return values


def settings_of(factory: Callable[..., Any]) -> dict[str, Setting]:
    """The settings of a class, or of a function that makes an object: its parameters."""
    hints = _hints(factory)
    return {
        key: Setting(_declared(hints.get(key, type(parameter.default))), parameter.default)
        for key, parameter in inspect.signature(factory).parameters.items()
        if parameter.kind in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}
    }


def _hints(factory: Callable[..., Any]) -> dict[str, Any]:
    annotated: Any = factory
    if isinstance(factory, type) and not dataclasses.is_dataclass(factory):
        annotated = factory.__init__  # type: ignore[misc]
    try:
        return get_type_hints(annotated, include_extras=True)
    except Exception:  # noqa: BLE001 - names that only a type checker knows; defaults have types as well
        return {}


def _declared(hint: Any) -> Declared:
    """The declaration in an annotation; a plain type declares its kind."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        declarations = (one for one in arguments[1:] if isinstance(one, Declared))
        return next(declarations, None) or _declared(arguments[0])
    if origin in {Union, UnionType}:
        return _declared(next(one for one in arguments if one is not NoneType))
    return Declared(_kind(hint, origin, arguments), "")


def _kind(hint: Any, origin: Any, arguments: tuple[Any, ...]) -> Kind:
    if origin is Literal and all(isinstance(word, str) for word in arguments):
        return one_of(*arguments)
    if isinstance(origin, type) and issubclass(origin, Iterable) and arguments:
        several = many(_declared(arguments[0]).kind)
        make = origin if origin in {tuple, set, frozenset} else list
        return replace(several, read=lambda text: make(several.read(text)))
    return _PLAIN.get(hint, TEXT)
