"""How a process of our own is started: the same interpreter, the same flags, the same import path, no `__main__`.

Without a `__main__` that has a file, worker processes that such a process starts do not load one either: what they
import is what their function needs.
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

_RUN = "import sys, json; sys.path[:] = json.loads(sys.argv.pop(1)); import {module}; {module}.main()"


def python(module: str) -> list[str]:
    """The command that runs the main() of a module in a process of its own."""
    path = [str(Path(entry).absolute()) for entry in sys.path]
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined] # noqa: SLF001 - as multiprocessing
    return [sys.executable, *flags, "-c", _RUN.format(module=module), json.dumps(path)]


def hash_seed(seed: int) -> str:
    """The PYTHONHASHSEED of all measuring processes of a run, so that sets of texts have one order in all of them.

    Args:
        seed: that of the run; it decides, unless the environment fixes one. Interpreters that run with -E or -I, and
            their children with them, ignore it.
    """
    own = os.environ.get("PYTHONHASHSEED", "")
    return own if own.isdigit() else str(random.Random(f"hashes {seed}").randrange(1, 2**32))
