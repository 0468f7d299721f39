"""The cost of the pytest plug-in for a suite that does not use it: pytest with and without it, in turn.

    python benchmarks/gate/cost.py [--pairs 40]

Each pair starts `pytest --version`, and a suite of one empty test. The budget is 5 ms for the first.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

ROOT = Path(__file__).parents[2]
BUDGET = 0.005


def seconds(options: list[str], folder: str) -> float:
    """Seconds that pytest took."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # otherwise pytest would compile the plug-in each time
    began = perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_empty.py").write_text("def test_empty():\n    pass\n", "utf-8")
        for what, options in (("pytest --version", ["--version"]), ("one empty test", [])):
            pairs = []
            for number in range(arguments.pairs):
                order = [[], ["-p", "concbench.pytest_plugin"]][:: 1 if number % 2 else -1]
                took = {len(plugin): seconds([*options, *plugin], folder) for plugin in order}
                pairs.append(took[2] - took[0])
            middle, spread = np.median(pairs), np.percentile(pairs, [25, 75])
            met = "" if options == [] else f"  {'met' if middle <= BUDGET else 'missed'} ({1e3 * BUDGET:g} ms)"
            print(
                f"{what:<18}{1e3 * middle:6.1f} ms more (quartiles {1e3 * spread[0]:.1f} to {1e3 * spread[1]:.1f}){met}"
            )


if __name__ == "__main__":
    main()
