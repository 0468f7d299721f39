"""Functions and results that misbehave, for the tests of measuring processes.

They have a file of their own: a measuring process imports that file, and should not have to import pytest for it.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from concbench import Workload


class Odd(Workload):
    """Runs a function of this file."""

    name = "odd"
    kind: ClassVar[str] = "cpu"

    def __init__(self, function: Callable[[Any], Any], items: Sequence[Any] = (1, 2, 3)) -> None:
        self._function = function
        self._items = items

    @property
    def function(self) -> Callable[[Any], Any]:
        return self._function

    @property
    def items(self) -> Sequence[Any]:
        return self._items

    def title(self) -> str:
        return "odd things"


class Uncompared(Odd):
    """Is not checked, so that no process ends before the first sample."""

    compares = False


def where(item: object) -> int:
    return os.getpid() * 0


def loud(item: object) -> int:
    print("to standard output", flush=True)
    print("to standard error", file=sys.stderr, flush=True)
    os.write(1, b"to descriptor 1\n")
    return len(sys.stdin.read())


def exit_with_its_own_code(item: object) -> None:
    os._exit(113)


def exit_at_once(item: object) -> None:
    print("last words", flush=True)
    os._exit(7)


def exit_when_idle(item: int) -> int:
    """Exit after the first execution, as a watchdog would; only then is something printed."""

    def watch() -> None:
        time.sleep(0.2)
        print("no heartbeat", flush=True)
        os._exit(7)

    threading.Thread(target=watch, daemon=True).start()
    return item


def become_another_program(item: int) -> int:
    if item == 2:
        os.execvp("sleep", ["sleep", "1000"])
    return item


def close_everything(item: int) -> int:
    if item == 2:
        os.closerange(3, 65536)
    return item


def replace_what_others_use(item: int) -> int:
    """Leave replacements in place, as forgotten test doubles do."""
    import json
    import pickle

    for module, name in ((json, "dumps"), (json, "loads"), (pickle, "dumps"), (pickle, "loads"), (os, "getpid")):
        setattr(module, name, lambda *_: b"")
    os.read = os.write = lambda *_: b""  # type: ignore[assignment]
    os.environ.clear()
    return item


def stop_all_clocks(item: object) -> object:
    """Stop all clocks in every module, as freezegun does."""
    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()):
            if value is time.perf_counter or value is time.monotonic:
                setattr(module, name, lambda: 0.0)
    return item


def nap(item: object) -> object:
    time.sleep(0.2)  # until whoever measures it waits
    Path(os.environ["NAPPING"]).touch()
    time.sleep(0.3)
    return item


def kill_self(item: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang(item: object) -> None:
    time.sleep(60)


def fail(item: int) -> int:
    if item == 2:
        raise ValueError("two is odd")
    return item


def system_exit(item: object) -> None:
    raise SystemExit(3)


def fork_and_return(item: int) -> int:
    if item == 2:
        os.fork()
    return item


def write_everywhere(item: int) -> int:
    for descriptor in range(3, 1100):
        with suppress(OSError):
            os.write(descriptor, b"stray")
    return item


def flood(item: int) -> int:
    print("first words")
    for _ in range(300):
        print("x" * 100_000)
    time.sleep(0.1)  # what is printed at the moment at which a log is emptied is lost
    print("last words", flush=True)
    return os._exit(7) if item == 3 else item


last = 0


def overtaken(item: int) -> int:
    global last  # noqa: PLW0603 - it is what is wrong with it
    last = item
    time.sleep(0.01)
    return last


def leave_a_child(item: object) -> int:
    import subprocess

    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    return 0


def leave_a_thread(item: object) -> int:
    def busy() -> None:
        while True:
            pass

    threading.Thread(target=busy, daemon=True).start()
    return 0


def leave_a_process(item: object) -> int:
    import subprocess

    if item == 1:
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
    return 0


def escape(item: object) -> int:
    """Leave nothing that identifies us, except what the system keeps."""
    import subprocess

    subprocess.Popen(["sleep", "86421"], start_new_session=True, env={}, cwd="/", close_fds=True,
                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    return 0


def finish_later(item: object) -> int:
    def busy() -> None:
        end = time.thread_time() + 0.15
        while time.thread_time() < end:
            pass

    if item == 3:
        threading.Thread(target=busy, daemon=True).start()
    return 0


def kill_the_group(item: int) -> int:
    if item == 2:
        os.killpg(0, signal.SIGKILL)
    return item


def die_in_a_worker(item: int) -> int:
    import multiprocessing

    if item == 2 and multiprocessing.parent_process() is not None:
        print("alas", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    return item


def remove_what_is_ours(item: int) -> int:
    import shutil
    import tempfile

    mark = os.environ["CONCBENCH_HOST"].split()[-1]
    for log in Path(tempfile.gettempdir()).glob(f"concbench-run-*/*-{mark}.log"):
        shutil.rmtree(log.parent)
    return item


def remove_what_is_ours_at_last(item: int) -> int:
    """Remove our directories in the first sample, after the warm-up."""
    global last  # noqa: PLW0603 - it counts the executions
    last += 1
    time.sleep(0.003)  # long enough for a sample of one execution
    return remove_what_is_ours(item) if last == 6 else item


class Hangs:
    """Does not return from a comparison."""

    def __eq__(self, other: object) -> bool:
        time.sleep(1000)
        return True

    __hash__ = None  # type: ignore[assignment]


class Ends:
    """Ends the process that pickles it."""

    def __reduce__(self) -> Any:
        os._exit(4)


class Refuses:
    """Raises at every attribute, and when it is compared or pickled."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise SystemExit(5)

    def __reduce__(self) -> Any:
        raise SystemExit(6)

    __hash__ = None  # type: ignore[assignment]


class Stuck:
    """Cannot be pickled to the end in the measuring process."""

    def __reduce__(self) -> Any:
        if "CONCBENCH_HOST" in os.environ:
            time.sleep(1000)
        return Stuck, ()


def give_hanging(item: object) -> Hangs:
    return Hangs()


def give_ending(item: object) -> Ends:
    return Ends()


def give_refusing(item: object) -> Refuses:
    return Refuses()
