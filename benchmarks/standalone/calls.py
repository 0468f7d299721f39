"""Call a function on every item, written by hand for several ways of concurrency.

This is a yardstick for a benchmark: it shows what a plain hand-written program needs for a job of somebody's own. It
uses nothing but the standard library and the module that the function is in, as one program of two files would.

    python -c "import calls; calls.main()" WAY MODULE:FUNCTION ITEMS [--workers N] [--start-method M]

ITEMS is a text file with one item a line, or the name of a function of that module that returns them. It prints "ready"
once everything is imported and the items are made, then runs the whole job once for every line that it reads from
standard input, and answers each with one line of JSON: the seconds taken (start + work + stop). Garbage is collected
before every run. The results are dropped as soon as the clock has stopped; only if the line says "check", a check over
them is in the answer, so that no run comes after that has another heap than a program that does nothing else. As a
module, not as a script, it is compiled once, not in every worker that is not forked.
"""

from __future__ import annotations

import sys
from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Function = Callable[[Any], Any]

# It imports only what the chosen way needs.
WAY = sys.argv[1] if len(sys.argv) > 1 else ""
if WAY in ("threads", "batched-threads"):
    import threading
elif WAY == "processes":
    import multiprocessing
elif WAY == "thread-pool":
    from concurrent.futures import ThreadPoolExecutor
elif WAY == "process-pool":
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

# The seconds that starting, working and stopping took.
Times = tuple[float, float, float]


def store_result(results: list[Any], index: int, function: Function, item: Any) -> None:
    """Call the function in a thread and put its result into its place in the list."""
    results[index] = function(item)


def run_sequential(function: Function, items: list[Any], workers: int) -> tuple[list[Any], Times]:
    """Call the function on one item after the other."""
    begin = perf_counter()
    results = [function(item) for item in items]
    worked = perf_counter()
    return results, (0.0, worked - begin, 0.0)


def run_threads(function: Function, items: list[Any], workers: int) -> tuple[list[Any], Times]:
    """Call the function on every item in a thread of its own."""
    begin = perf_counter()
    results: list[Any] = [None] * len(items)
    threads = []
    for index, item in enumerate(items):
        thread = threading.Thread(target=store_result, args=(results, index, function, item))
        thread.start()
        threads.append(thread)
    started = perf_counter()
    for thread in threads:
        thread.join()
    worked = perf_counter()
    return results, (started - begin, worked - started, 0.0)


def run_batched_threads(function: Function, items: list[Any], workers: int) -> tuple[list[Any], Times]:
    """Call the function on every item in a thread of its own, one batch of threads after the other."""
    begin = perf_counter()
    results: list[Any] = [None] * len(items)
    for first in range(0, len(items), workers):
        threads = []
        for index, item in enumerate(items[first : first + workers], start=first):
            thread = threading.Thread(target=store_result, args=(results, index, function, item))
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
    worked = perf_counter()
    return results, (0.0, worked - begin, 0.0)


def run_processes(function: Function, items: list[Any], workers: int) -> tuple[list[Any], Times]:
    """Call the function on every item in a process of its own, which imports the module of the function alone."""
    send = sys.modules[function.__module__].send
    begin = perf_counter()
    processes = []
    receivers = []
    for item in items:
        receiver, sender = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=send, args=(sender, function, item))
        process.start()
        sender.close()
        processes.append(process)
        receivers.append(receiver)
    started = perf_counter()
    results = []
    for receiver in receivers:
        results.append(receiver.recv())
        receiver.close()
    worked = perf_counter()
    for process in processes:
        process.join()
    stopped = perf_counter()
    return results, (started - begin, worked - started, stopped - worked)


def run_thread_pool(function: Function, items: list[Any], workers: int) -> tuple[list[Any], Times]:
    """Call the function on the items in a pool of threads."""
    begin = perf_counter()
    with ThreadPoolExecutor(workers) as executor:
        started = perf_counter()
        results = list(executor.map(function, items))
        worked = perf_counter()
    stopped = perf_counter()
    return results, (started - begin, worked - started, stopped - worked)


def run_process_pool(function: Function, items: list[Any], workers: int) -> tuple[list[Any], Times]:
    """Call the function on the items in a pool of processes."""
    begin = perf_counter()
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context()) as executor:
        started = perf_counter()
        results = list(executor.map(function, items))
        worked = perf_counter()
    stopped = perf_counter()
    return results, (started - begin, worked - started, stopped - worked)


WAYS = {
    "sequential": run_sequential,
    "threads": run_threads,
    "batched-threads": run_batched_threads,
    "processes": run_processes,
    "thread-pool": run_thread_pool,
    "process-pool": run_process_pool,
}


def choose_start_method(wanted: str | None) -> None:
    """Let multiprocessing start processes the wanted way, or else by forkserver where there is one."""
    if wanted is None:
        wanted = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    multiprocessing.set_start_method(wanted)


def find(function: str, items: str) -> tuple[Function, list[Any]]:
    """Import the module of the function, and make or read the items."""
    import importlib
    import os

    module, name = function.split(":")
    found = importlib.import_module(module)
    if not os.path.exists(items):
        return getattr(found, name), getattr(found, items)()
    with open(items, encoding="utf-8") as file:
        return getattr(found, name), [line.rstrip("\n") for line in file]


def check_of(results: Iterable[Any]) -> str:
    """Return a checksum over all results."""
    import hashlib

    check = hashlib.sha256()
    for result in results:
        if hasattr(result, "to_csv"):
            check.update(result.to_csv().encode())
        elif hasattr(result, "tobytes"):
            check.update(result.tobytes())
        else:
            check.update(repr(result).encode())
    return check.hexdigest()


def report(times: Times, check: str | None) -> None:
    """Print one line of JSON for one run."""
    import json

    start, work, stop = times
    answer = {"seconds": start + work + stop, "start": start, "work": work, "stop": stop, "check": check}
    print(json.dumps(answer), flush=True)


def main() -> None:
    """Run the job once for every line of standard input."""
    import argparse
    import gc

    parser = argparse.ArgumentParser(description="Call a function on every item.")
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("function", help="MODULE:FUNCTION")
    parser.add_argument("items", help="a text file, or a function of that module")
    parser.add_argument("--workers", type=int, default=10)
    parser.add_argument("--start-method", choices=["fork", "forkserver", "spawn"])
    arguments = parser.parse_args()
    function, items = find(arguments.function, arguments.items)
    run = WAYS[arguments.way]
    if arguments.way in ("processes", "process-pool"):
        choose_start_method(arguments.start_method)

    print("ready", flush=True)
    for line in sys.stdin:
        gc.collect()
        results, times = run(function, items, arguments.workers)
        check = check_of(results) if line.strip() == "check" else None
        del results
        report(times, check)


if __name__ == "__main__":
    main()
