"""Facts about the machine and the interpreter, recorded with every run; of environment variables only a few."""

from __future__ import annotations

import multiprocessing
import os
import platform
import sys
import sysconfig
import time
from importlib import metadata
from pathlib import Path

import psutil

from concbench.harness.repeats import timer_step
from concbench.launch import hash_seed
from concbench.machine import POOL_VARIABLES, affinity_cores, gil_enabled, quota_cores, usable_cores
from concbench.results.records import Json
from concbench.runners import start_method

_PACKAGES = ("numpy", "aiohttp", "urllib3", "psutil", "rich")
_VARIABLES = ("PYTHON_GIL", "PYTHON_CPU_COUNT", *POOL_VARIABLES)
"""The only environment variables that are recorded: others may hold secrets."""


def environment(seed: int = 0) -> Json:
    """Return facts about the machine and the interpreter as plain JSON values; `seed` is the seed of the run."""
    clock = time.get_clock_info("perf_counter")
    return {
        "implementation": platform.python_implementation(),
        "python": platform.python_version(),
        "compiler": platform.python_compiler(),
        "free_threaded_build": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "gil": gil_enabled(),
        "switch_interval": sys.getswitchinterval(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "cores_by_affinity": affinity_cores(),
        "cores_by_quota": quota_cores(),
        "cores_usable": usable_cores(),
        "processor": _processor(),
        "governor": _read(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")),
        "memory": psutil.virtual_memory().total,
        "start_method_default": multiprocessing.get_context().get_start_method(),
        "start_method_ours": start_method.DEFAULT,
        "timer_resolution": clock.resolution,
        "timer_step": timer_step(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "hash_seed": hash_seed(seed),
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
    }


def _processor() -> str | None:
    lines = (_read(Path("/proc/cpuinfo")) or "").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or None


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
