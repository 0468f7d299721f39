"""Download files from a list of URLs into a directory, written by hand for several ways of concurrency.

This is a yardstick for a benchmark: it shows what a plain hand-written program needs for a job that mostly waits for
the network. It uses the standard library, urllib3, and for the way "asyncio" aiohttp instead of urllib3.

    python -c "import download; download.main()" WAY URLFILE DIRECTORY [--workers N] [--start-method M]

It prints "ready" once everything is imported, then runs the whole job once for every line that it reads from standard
input, and answers each with one line of JSON: the seconds taken (start + work + stop), and if the line says "check", a
check over the files. Before every run the files in DIRECTORY are deleted and garbage is collected. As a module, not as
a script, it is compiled once, not in every worker that is not forked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import repeat
from time import perf_counter

# Worker processes import this too (forkserver, spawn), so it imports only what the chosen way needs.
WAY = sys.argv[1] if len(sys.argv) > 1 else ""
if WAY == "asyncio":
    import asyncio

    import aiohttp
else:
    import urllib3

if WAY in ("threads", "batched-threads"):
    import threading
elif WAY == "processes":
    import multiprocessing
    from multiprocessing.connection import Connection
elif WAY == "thread-pool":
    from concurrent.futures import ThreadPoolExecutor
elif WAY == "process-pool":
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

# The seconds that starting, working and stopping took.
Times = tuple[float, float, float]

# The connections of this process, shared by all its threads. A worker process makes its own with its first download.
connections: urllib3.PoolManager | None = None


def new_connections(size: int) -> urllib3.PoolManager:
    """Close the connections of this process, if there are any, and make a fresh pool for them."""
    global connections
    if connections is not None:
        connections.clear()
    retries = urllib3.Retry(connect=0, read=0, redirect=5, status=0, other=0, total=None)
    timeout = urllib3.Timeout(connect=30, read=60)
    connections = urllib3.PoolManager(maxsize=size, retries=retries, timeout=timeout)
    return connections


def save(url: str, directory: str, body: bytes) -> int:
    """Write a body to the file that is named by the last segment of the URL, and return the number of bytes."""
    with open(os.path.join(directory, url.rsplit("/", 1)[-1]), "wb") as file:
        return file.write(body)


def download(url: str, directory: str) -> int:
    """Download one file and return its number of bytes."""
    pool = connections if connections is not None else new_connections(1)
    response = pool.request("GET", url)
    if response.status != 200:
        raise RuntimeError(f"{url}: status {response.status}")
    return save(url, directory, response.data)


def store_size(sizes: list[int | None], index: int, url: str, directory: str) -> None:
    """Download one file in a thread and put its size into its place in the list."""
    sizes[index] = download(url, directory)


def send_size(connection: Connection, url: str, directory: str) -> None:
    """Download one file in a process and send its size back."""
    connection.send(download(url, directory))
    connection.close()


def without_gaps(sizes: list[int | None]) -> list[int]:
    """Return the sizes of the threads, or raise if one of them failed."""
    present = [size for size in sizes if size is not None]
    if len(present) < len(sizes):
        raise RuntimeError("a thread failed")
    return present


def run_sequential(urls: list[str], directory: str, workers: int) -> tuple[list[int], Times]:
    """Download one file after the other."""
    new_connections(workers)
    begin = perf_counter()
    sizes = [download(url, directory) for url in urls]
    worked = perf_counter()
    return sizes, (0.0, worked - begin, 0.0)


def run_threads(urls: list[str], directory: str, workers: int) -> tuple[list[int], Times]:
    """Download every file in a thread of its own."""
    new_connections(len(urls))
    begin = perf_counter()
    sizes: list[int | None] = [None] * len(urls)
    threads = []
    for index, url in enumerate(urls):
        thread = threading.Thread(target=store_size, args=(sizes, index, url, directory))
        thread.start()
        threads.append(thread)
    started = perf_counter()
    for thread in threads:
        thread.join()
    worked = perf_counter()
    return without_gaps(sizes), (started - begin, worked - started, 0.0)


def run_batched_threads(urls: list[str], directory: str, workers: int) -> tuple[list[int], Times]:
    """Download every file in a thread of its own, one batch of threads after the other."""
    new_connections(workers)
    begin = perf_counter()
    sizes: list[int | None] = [None] * len(urls)
    for first in range(0, len(urls), workers):
        threads = []
        for index, url in enumerate(urls[first : first + workers], start=first):
            thread = threading.Thread(target=store_size, args=(sizes, index, url, directory))
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
    worked = perf_counter()
    return without_gaps(sizes), (0.0, worked - begin, 0.0)


def run_processes(urls: list[str], directory: str, workers: int) -> tuple[list[int], Times]:
    """Download every file in a process of its own."""
    begin = perf_counter()
    processes = []
    receivers = []
    for url in urls:
        receiver, sender = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=send_size, args=(sender, url, directory))
        process.start()
        sender.close()
        processes.append(process)
        receivers.append(receiver)
    started = perf_counter()
    sizes: list[int] = []
    for receiver in receivers:
        sizes.append(receiver.recv())
        receiver.close()
    worked = perf_counter()
    for process in processes:
        process.join()
    stopped = perf_counter()
    return sizes, (started - begin, worked - started, stopped - worked)


def run_thread_pool(urls: list[str], directory: str, workers: int) -> tuple[list[int], Times]:
    """Download the files in a pool of threads."""
    new_connections(workers)
    begin = perf_counter()
    with ThreadPoolExecutor(workers) as executor:
        started = perf_counter()
        sizes = list(executor.map(download, urls, repeat(directory)))
        worked = perf_counter()
    stopped = perf_counter()
    return sizes, (started - begin, worked - started, stopped - worked)


def run_process_pool(urls: list[str], directory: str, workers: int) -> tuple[list[int], Times]:
    """Download the files in a pool of processes."""
    begin = perf_counter()
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context()) as executor:
        started = perf_counter()
        sizes = list(executor.map(download, urls, repeat(directory)))
        worked = perf_counter()
    stopped = perf_counter()
    return sizes, (started - begin, worked - started, stopped - worked)


async def open_session(workers: int) -> aiohttp.ClientSession:
    """Make a session with as many connections as there are workers."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=workers))


async def worker(
    session: aiohttp.ClientSession, tasks: Iterator[tuple[int, str]], directory: str, sizes: list[int]
) -> None:
    """Download files until no more are left."""
    for index, url in tasks:
        async with session.get(url) as response:
            if response.status != 200:
                raise RuntimeError(f"{url}: status {response.status}")
            body = await response.read()
        sizes[index] = save(url, directory, body)


async def download_all(session: aiohttp.ClientSession, urls: list[str], directory: str, workers: int) -> list[int]:
    """Download all files by workers that share one iterator."""
    tasks = enumerate(urls)
    sizes = [0] * len(urls)
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(worker(session, tasks, directory, sizes))
    return sizes


def run_asyncio(urls: list[str], directory: str, workers: int) -> tuple[list[int], Times]:
    """Download the files in coroutines; opening and closing the session is not timed."""
    begin = perf_counter()
    runner = asyncio.Runner()
    runner.get_loop()
    start = perf_counter() - begin

    session = runner.run(open_session(workers))

    try:
        begin = perf_counter()
        sizes = runner.run(download_all(session, urls, directory, workers))
        work = perf_counter() - begin
    finally:
        runner.run(session.close())

    begin = perf_counter()
    runner.close()
    stop = perf_counter() - begin
    return sizes, (start, work, stop)


WAYS = {
    "sequential": run_sequential,
    "threads": run_threads,
    "batched-threads": run_batched_threads,
    "processes": run_processes,
    "thread-pool": run_thread_pool,
    "process-pool": run_process_pool,
    "asyncio": run_asyncio,
}


def choose_start_method(wanted: str | None) -> None:
    """Let multiprocessing start processes the wanted way, or else by forkserver where there is one."""
    if wanted is None:
        wanted = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    multiprocessing.set_start_method(wanted)


def read_urls(path: str) -> list[str]:
    """Return the URLs of a text file with one URL per line."""
    with open(path, encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip()]


def empty(directory: str) -> None:
    """Make the directory if it is missing, and delete the files in it."""
    os.makedirs(directory, exist_ok=True)
    for name in os.listdir(directory):
        os.remove(os.path.join(directory, name))


def check_of(directory: str) -> str:
    """Return a checksum over the names and contents of all files in the directory."""
    import hashlib

    check = hashlib.sha256()
    for name in sorted(os.listdir(directory)):
        check.update(name.encode())
        with open(os.path.join(directory, name), "rb") as file:
            check.update(file.read())
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

    parser = argparse.ArgumentParser(description="Download files from a list of URLs into a directory.")
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("urlfile", help="text file with one URL per line")
    parser.add_argument("directory", help="where to write; the files in it are deleted before every run")
    parser.add_argument("--workers", type=int, default=10)
    parser.add_argument("--start-method", choices=["fork", "forkserver", "spawn"])
    arguments = parser.parse_args()
    urls = read_urls(arguments.urlfile)
    run = WAYS[arguments.way]
    if arguments.way in ("processes", "process-pool"):
        choose_start_method(arguments.start_method)

    print("ready", flush=True)
    for line in sys.stdin:
        empty(arguments.directory)
        gc.collect()
        _sizes, times = run(urls, arguments.directory, arguments.workers)
        report(times, check_of(arguments.directory) if line.strip() == "check" else None)


if __name__ == "__main__":
    main()
