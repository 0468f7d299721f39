"""Functions that go wrong at one of their items, each in a different way. Imported, never run."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

AT = 3
"""The item at which they go wrong."""
_locks = threading.Lock(), threading.Lock()


class Picky(Exception):  # noqa: N818
    """Can be pickled and not unpickled: its arguments are not those with which it was made."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")


def exception(item: int) -> int:
    if item == AT:
        raise ValueError(item)
    return item


def unpicklable_exception(item: int) -> int:
    if item == AT:
        raise Picky(1, "picky")
    return item


def system_exit(item: int) -> int:
    if item == AT:
        sys.exit(7)
    return item


def keyboard_interrupt(item: int) -> int:
    if item == AT:
        raise KeyboardInterrupt
    return item


def unpicklable_result(item: int) -> Any:
    return threading.Lock() if item == AT else item


def os_exit(item: int) -> int:
    if item == AT:
        os._exit(3)
    return item


def sigkill(item: int) -> int:
    if item == AT:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def sigsegv(item: int) -> int:
    if item == AT:
        ctypes.string_at(0)
    return item


def endless_loop(item: int) -> int:
    while item == AT:
        pass
    return item


def endless_loop_with_gil(item: int) -> int:
    """Hold the GIL in C for ever: no other thread of the process runs."""
    if item == AT:
        ctypes.PyDLL(None).pause()
    return item


def endless_sleep(item: int) -> int:
    if item == AT:
        time.sleep(10_000)
    return item


def deadlock(item: int) -> int:
    if item == AT:
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    return item


def memory(item: int) -> int:
    kept = []
    while item == AT:
        kept.append(b"x" * 10_000_000)
        time.sleep(0.005)
    return item


def recursion(item: int) -> int:
    def deeper(depth: int) -> NoReturn:
        deeper(depth + 1)

    if item == AT:
        deeper(0)
    return item


def flood(item: int) -> int:
    if item == AT:
        for _ in range(300):
            print("x" * 100_000)
            print("y" * 100_000, file=sys.stderr)
    return item


def closed_descriptors(item: int) -> int:
    if item == AT:
        os.closerange(0, 256)
    return item


def changed_surroundings(item: int) -> int:
    if item == AT:
        os.chdir("/")
        os.environ.clear()
        sys.setswitchinterval(10)
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGINT, signal.SIGTERM):
                signal.signal(name, signal.SIG_IGN)
    return item


def thread_left(item: int) -> int:
    if item == AT:
        threading.Thread(target=time.sleep, args=(10_000,)).start()
    return item


def child_left(item: int) -> int:
    if item == AT:
        subprocess.Popen(["sleep", "10000"])
    return item


def escaped_child_left(item: int) -> int:
    if item == AT:
        subprocess.Popen(["sleep", "10000"], start_new_session=True)
    return item


def forked_child_returned(item: int) -> int:
    """Return from a forked child, which should leave by os._exit, as its parent does."""
    if item == AT:
        os.fork()
    return item


def stray_bytes(item: int) -> int:
    """Write stray bytes to every open descriptor."""
    if item == AT:
        for descriptor in range(3, 1100):
            with contextlib.suppress(OSError):
                os.write(descriptor, b"stray")
    return item


def other_clock(item: int) -> int:
    if item == AT:
        time.perf_counter = time.time = time.monotonic = lambda: 0.0  # type: ignore[assignment]
    return item


def killed_group(item: int) -> int:
    if item == AT:
        os.killpg(0, signal.SIGKILL)
    return item


def escaped_program_left(item: int) -> int:
    """Leave a program in a session of its own, and without the environment that would identify it."""
    if item == AT:
        subprocess.Popen(["sleep", "10000"], start_new_session=True, env={}, cwd="/")
    return item


def _compute() -> None:
    while True:
        pass


def busy_thread_left(item: int) -> int:
    if item == AT:
        threading.Thread(target=_compute, daemon=True).start()
    return item


def busy_program_left(item: int) -> int:
    if item == AT:
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
    return item


class Hanging:
    def __eq__(self, other: object) -> bool:
        time.sleep(10_000)
        return True

    __hash__ = None  # type: ignore[assignment]


def hanging_equality(item: int) -> Any:
    return Hanging() if item == AT else item


class Refusing:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


def raising_attributes(item: int) -> Any:
    return Refusing() if item == AT else item


class Ending:
    def __reduce__(self) -> Any:
        os._exit(4)


def ending_pickle(item: int) -> Any:
    return Ending() if item == AT else item


def removed_directory(item: int) -> int:
    """Remove the directory in which concbench keeps what its processes share."""
    if item == AT:
        mark = os.environ["CONCBENCH_HOST"].split()[-1]
        for log in Path(tempfile.gettempdir()).glob(f"concbench-run-*/*-{mark}.log"):
            shutil.rmtree(log.parent, ignore_errors=True)
    return item


FAULTS = (
    exception, unpicklable_exception, system_exit, keyboard_interrupt, unpicklable_result, os_exit, sigkill, sigsegv,
    endless_loop, endless_loop_with_gil, endless_sleep, deadlock, memory, recursion, flood, closed_descriptors,
    changed_surroundings, thread_left, child_left, escaped_child_left, forked_child_returned, stray_bytes, other_clock,
    killed_group, escaped_program_left, busy_thread_left, busy_program_left, hanging_equality, raising_attributes,
    ending_pickle, removed_directory,
)  # fmt: skip
