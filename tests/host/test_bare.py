"""A host needs nothing but the standard library, and nothing of it that only CPython has."""

import json
import subprocess
import sys
from pathlib import Path

from concbench.registry import EXTRAS

ROOT = Path(__file__).parents[2]
WITH_CLIENTS = {"async_client", "client", "server_process"}
"""Modules of `download`, which names a command to install missing packages."""
PROGRAM = """
import gc, importlib, json, pickle, sys
from pathlib import Path

if hasattr(gc, "freeze"):
    del gc.freeze
root, directory, modules = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
sys.path.append(root)
for module in modules:
    importlib.import_module(module)

from concbench.host.host_process import Host, exclude_from_collection
from concbench.runners.asyncio import Asyncio
from concbench.runners.sequential import Sequential
from concbench.runners.thread_pool import ThreadPool
from concbench.workloads.download.workload import Download
from concbench.workloads.primes import Primes

exclude_from_collection()
cell, kept, record = directory / "cell", str(directory / "kept"), str(directory / "record")


def answers(workload, runner, *requests):
    host = Host(lambda message: None, "0")
    cell.write_bytes(pickle.dumps((workload, runner)))
    told = {"cell": str(cell), "sockets": str(directory / "sockets"), "warm": False, "examine": True}
    return [host.answer(request) for request in ({"do": "prepare", **told}, *requests)]


work = [
    {"do": "reference", "save": kept, "record": record},
    {"do": "check", "compare": kept, "most": 10, "record": record},
    {"do": "sample", "collect": True, "repeats": 2},
    {"do": "compare", "compare": kept},
    {"do": "observe", "collect": False},
    {"do": "passes", "compare": kept, "most": 2},
    {"do": "items"},
]
failed = [answer for answer in answers(Primes(limits=[30, 20]), ThreadPool(2), *work) if "ok" not in answer]
refused = [
    answers(workload, runner)[0]["failed"]["reason"]
    for workload, runner in (
        (Download(images=2), Sequential()),
        (Download(images=2), Asyncio(2)),
        (Primes(limits=[30, 20], algorithm="sieve"), Sequential()),
    )
]
print(json.dumps([failed, refused]))
"""


def test_a_host_works_where_nothing_is_installed(tmp_path: Path) -> None:
    """The interpreter is a user's; a built-in workload that needs more says what to type."""
    modules = [
        f"concbench.{room}.{file.stem}"
        for room in ("host", "runners", "workloads")
        for file in sorted((ROOT / "concbench" / room).glob("*.py"))
        if file.stem not in WITH_CLIENTS and file.stem not in EXTRAS
    ]
    done = subprocess.run(
        [sys.executable, "-B", "-I", "-S", "-c", PROGRAM, str(ROOT), str(tmp_path), *modules],
        capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    pip = f"{sys.executable} -m pip install"
    says = [
        f"download needs urllib3: {pip} urllib3",
        f"download needs aiohttp: {pip} aiohttp",
        f"the sieve of primes needs numpy: {pip} numpy",
    ]
    assert json.loads(done.stdout) == [[], says]
