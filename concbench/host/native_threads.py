"""Threads that native libraries, such as the linear algebra behind numpy, keep in this process."""

from __future__ import annotations

import os
import sys

from concbench.machine import POOL_VARIABLES


def native_threads() -> dict[str, float]:
    """The size of the largest thread pool of the loaded libraries, as `native_threads`; empty if it is unknown.

    It is read with threadpoolctl, if that is installed, else from the environment variables that limit such pools.
    """
    if "numpy" not in sys.modules and "torch" not in sys.modules:
        return {}
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        limits = [int(os.environ[name]) for name in POOL_VARIABLES if os.environ.get(name, "").isdigit()]
        return {"native_threads": float(max(limits))} if limits else {}
    pools = [float(pool["num_threads"]) for pool in threadpool_info()]
    return {"native_threads": max(pools)} if pools else {}
