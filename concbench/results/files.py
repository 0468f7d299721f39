"""Results files: versioned JSON, written atomically, and read with a clear message for every fault.

History of the format:
    1   the first
    2   a cell has a variant and the traits of its runner, the baseline is named by both label and variant, the options
        of a table are one object, and names of facts are independent of the workload
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
from dataclasses import MISSING, asdict, fields, is_dataclass
from functools import cache
from hashlib import sha256
from math import isfinite
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

try:
    import fcntl
except ImportError:  # Windows, where names are not reserved
    fcntl = None  # type: ignore[assignment]

from concbench.errors import BadOutput, BadResults
from concbench.results.records import RunRecord
from concbench.results.upgrades import UPGRADES
from concbench.task import short

T = TypeVar("T")

FORMAT = "concbench-run"
VERSION = 2
PENDING: set[Path] = set()
"""Temporary and lock files to remove at the end."""
_RESERVED: dict[Path, int] = {}
"""Reserved files that are not written yet, with the descriptors of their lock files."""
_LARGEST = 200_000_000
_LEAST, _MOST = 1e-100, 1e100
"""Bounds on the size of every figure except 0, so that calculations do not overflow."""
_DEEPEST = 50
"""Most levels of nesting in settings and the like."""


def to_json(record: RunRecord) -> str:
    """Return the text of a results file."""
    return json.dumps({"format": FORMAT, "version": VERSION, **asdict(record)}, indent=1, allow_nan=False) + "\n"


def save(record: RunRecord, path: str | Path) -> None:
    """Write a results file atomically, so that readers always find a whole one.

    Raises:
        BadOutput: the file cannot be written; the message says why.
    """
    write(to_json(record), path)


def write(text: str, path: str | Path) -> None:
    """Write a file atomically, so that readers always find a whole one.

    A symbolic link is followed. A replaced file keeps its mode; a new file is readable and writable by its owner.

    Raises:
        BadOutput: the file cannot be written; the message says why.
    """
    target = replaceable(path)
    temporary = target.with_name(f".concbench-{secrets.token_hex(8)}")
    PENDING.add(temporary)
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        mode = stat.S_IMODE((target if target.exists() else temporary).stat().st_mode)
        if not target.exists():
            mode |= stat.S_IRUSR | stat.S_IWUSR  # regardless of the umask: it is written after every round
        temporary.chmod(mode)
        temporary.replace(target)
        _release(target)
        _flush_directory(target.parent)
    except OSError as error:
        raise BadOutput(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
        PENDING.discard(temporary)


def reserve(path: str | Path) -> None:
    """Reserve the name of a new file until it is written or discarded, so that no other run creates it meanwhile.

    A lock file is created beside it, so that the file itself is always whole if it exists. The lock file of a killed
    process is no longer locked, and can be reused.

    Raises:
        BadOutput: the file exists, or another process has reserved it.
    """
    target = replaceable(path)
    try:
        while target not in _RESERVED and fcntl is not None:  # again if another run has just released it
            _try_to_lock(target)
    except BlockingIOError:
        raise BadOutput(f"{path} is being written by another run; name another file") from None
    except OSError as error:
        raise BadOutput(f"cannot write {path}: {error.strerror or error}") from error
    if target.exists():
        _release(target)
        raise BadOutput(f"{path} exists; --force overwrites it")


def _try_to_lock(target: Path) -> None:
    lock_file = _lock_file_of(target)
    descriptor = os.open(lock_file, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_locked = lock_file.exists() and os.path.samestat(os.fstat(descriptor), lock_file.stat())
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:  # a file system without locks
        is_locked = True
    if is_locked:
        PENDING.add(lock_file)
        _RESERVED[target] = descriptor
    else:
        os.close(descriptor)


def _lock_file_of(target: Path) -> Path:
    return target.with_name(f".concbench-{sha256(os.fsencode(target.name)).hexdigest()[:16]}")


def _release(target: Path) -> None:
    """Release the name of a file that was written or discarded."""
    if target in _RESERVED:
        lock_file = _lock_file_of(target)
        with contextlib.suppress(OSError):
            lock_file.unlink()
        PENDING.discard(lock_file)
        os.close(_RESERVED.pop(target))


def discard_pending() -> None:
    """Remove all temporary and lock files, and release all names; called at the end, perhaps during a write."""
    for target in list(_RESERVED):
        _release(target)
    while PENDING:
        with contextlib.suppress(OSError):
            PENDING.pop().unlink()


def replaceable(path: str | Path) -> Path:
    """Return the file that would be written, with symbolic links resolved.

    Raises:
        BadOutput: it is not a writable regular file, or its directory is missing.
    """
    try:
        target = Path(path)
        if target.is_symlink():
            target = Path(os.path.realpath(target))
            if target.is_symlink():
                raise BadOutput(f"{path} is a symbolic link that leads back to itself; name a file")
        if not target.parent.is_dir():
            raise BadOutput(f"cannot write {path}: the directory {target.parent} does not exist")
        if not target.exists():
            return target
        mode = target.stat().st_mode
        writable = mode & 0o222 and os.access(target, os.W_OK)
    except OSError as error:
        raise BadOutput(f"cannot write {path}: {error.strerror or error}") from error
    if stat.S_ISDIR(mode):
        raise BadOutput(f"{path} is a directory; name a file in it")
    if not stat.S_ISREG(mode):
        raise BadOutput(f"{path} is a device, a pipe or a socket, which a file would replace; name a file")
    if not writable:
        raise BadOutput(f"{path} is read-only; make it writable, or name another")
    return target


def _flush_directory(directory: Path) -> None:
    """Flush the directory to disk, so that the replacement of a file survives a crash."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):  # some file systems cannot do it, and some directories are not readable
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def load(path: str | Path) -> RunRecord:
    """Read a results file of this version or an older one.

    Raises:
        BadResults: the file is missing, too large, not JSON, not a results file, damaged, or of a newer version.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST + 1)  # a device or a pipe has no known size
    except OSError as error:
        raise BadResults(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:  # a null character in the path
        raise BadResults(f"cannot read {str(path)!r}: {error}") from error
    if len(content) > _LARGEST:
        raise BadResults(f"{path} is larger than {_LARGEST // 1_000_000} MB: it is not a results file of concbench")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadResults(f"{path} is not text: it is not a results file of concbench") from error
    return from_json(text, str(path))


def from_json(text: str, name: str = "the results") -> RunRecord:
    """Read the text of a results file; messages call it `name`.

    Raises:
        BadResults: the text is not JSON, not a results file, damaged, or of a newer version.
    """
    try:
        data = json.loads(text, parse_constant=_reject_constant, parse_float=_parse_finite)
    except (ValueError, RecursionError) as error:
        raise BadResults(f"{name} is not JSON, or was cut short: {error}") from error
    if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
        raise BadResults(f"{name} is not a results file of concbench (it does not say format: {FORMAT})")
    version = data.pop("version", None)
    if type(version) is not int or version < 1:
        raise BadResults(f"{name} does not say which version of the format it has")
    if version > VERSION:
        raise BadResults(f"{name} was written by a newer concbench (format {version}, this one reads {VERSION})")
    try:
        for upgrade in UPGRADES[version - 1 :]:
            data = upgrade(data)
        return build(RunRecord, data)
    except _Mismatch as mismatch:
        raise BadResults(f"{name} is damaged: {mismatch}") from mismatch


class _Mismatch(Exception):  # noqa: N818
    """A value does not have the type of its field."""


def build(kind: type[T], data: Any) -> T:
    """Build a value of this type from JSON data: a record, a list of texts, an object."""
    built: T = _build(kind, data, "")
    return built


def _reject_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not a JSON number")


def _parse_finite(text: str) -> float:
    """Reject numbers such as 1e999, which JSON allows, but which become infinite when they are read."""
    number = float(text)
    return number if isfinite(number) else _reject_constant(text)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _build(kind: Any, value: Any, where: str) -> Any:
    """Build the value that a type hint describes from JSON, which has only lists, objects and scalars."""
    if kind is Any:
        return value
    if is_dataclass(kind):
        return _build_record(kind, value, where)
    origin = get_origin(kind)
    if origin is UnionType:
        chosen = NoneType if value is None else next(arg for arg in get_args(kind) if arg is not NoneType)
        return _build(chosen, value, where)
    if origin is Literal:
        return _one_of(get_args(kind), value, where)
    expected = origin or kind
    if type(value) is not expected and not (kind is float and type(value) is int):
        raise _Mismatch(f"{where or 'the file'} should be {_type_name(expected)}, but is {_type_name(type(value))}")
    if expected in {int, float}:
        if value and not _LEAST < abs(value) < _MOST:
            raise _Mismatch(f"{where} should be 0, or between {_LEAST:g} and {_MOST:g} in size")
        return expected(value)
    return _build_inner(kind, value, where)


def _one_of(texts: tuple[str, ...], value: Any, where: str) -> str:
    if isinstance(value, str) and value in texts:
        return value
    *others, last = map(repr, texts)
    actual = short(value) if isinstance(value, str) else _type_name(type(value))
    raise _Mismatch(f"{where} should be {', '.join(others)} or {last}, but is {actual}")


def _build_inner(kind: Any, value: Any, where: str) -> Any:
    """Build the elements of a list or an object; return any other value as it is."""
    element = get_args(kind)[-1] if get_args(kind) else Any
    if isinstance(value, list):
        return [_build(element, item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, dict):
        _require_shallow(value, where)
        return {key: _build(element, item, f"{where}[{key[:40]!r}]") for key, item in value.items()}
    return value


def _require_shallow(value: Any, where: str, levels: int = _DEEPEST) -> None:
    """Reject deeper nesting: json.dumps and repr would hit the recursion limit."""
    if levels == 0:
        raise _Mismatch(f"{where} should be nested in no more than {_DEEPEST} levels")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(inner, (dict, list)):
            _require_shallow(inner, where, levels - 1)


def _build_record(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _Mismatch(f"{where or 'the file'} should be an object, but is {_type_name(type(value))}")
    hints = _hints(kind)
    for field in fields(kind):
        if field.name not in value and field.default is MISSING and field.default_factory is MISSING:
            raise _Mismatch(f"{where or 'the file'} has no {field.name}")
    names = [field.name for field in fields(kind) if field.name in value]
    arguments = {name: _build(hints[name], value[name], f"{where}.{name}".lstrip(".")) for name in names}
    try:
        return kind(**arguments)
    except (TypeError, ValueError) as error:
        raise _Mismatch(f"{where or 'the file'}: {error}") from error


def _type_name(kind: Any) -> str:
    names = {
        dict: "an object", list: "a list", str: "a string", float: "a number", int: "a whole number",
        bool: "true or false",
    }  # fmt: skip
    return names.get(kind, "null" if kind is NoneType else kind.__name__)
