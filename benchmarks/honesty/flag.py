"""Does the load flag work, and how far does load move a ratio? `spin` beside a process that uses 0 to 1 core.

    python benchmarks/honesty/flag.py [--sessions 10]

About 6 minutes.
"""

from __future__ import annotations

import argparse

import numpy as np

from concbench.analysis.table_analysis import analyse
from concbench.analysis.thresholds import FLAGGED, STRONG
from concbench.harness.hosts.launcher import ProcessHosts
from concbench.harness.measurement import measure_workload
from concbench.harness.planning.plan import plan
from concbench.options import make_options
from concbench.workloads.synthetic import Spin

if __package__:
    from .live import busy
else:
    from live import busy

SHARES = (0.0, 0.3, 0.6, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=10)
    arguments = parser.parse_args()
    print(f"{'others use':>10}{'sessions':>10}{'load seen':>11}{'flagged':>9}{'strongly':>10}{'speed-up':>10}  10-90 %")
    for share in SHARES:
        with busy(share):
            loads, ratios = [], []
            for seed in range(arguments.sessions):
                options = make_options(observe=False, seed=seed, rounds=6)
                planned = plan(Spin(tasks=4, turns=800_000), ["sequential", "process-pool:2"], options)
                seen = analyse(measure_workload(planned, ProcessHosts(), lambda _: None)[0])
                loads.append(seen.other_load or 0.0)
                ratios.append(seen.cells[1].speedup or 0.0)
        low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
        print(
            f"{share:>10g}{arguments.sessions:>10}{np.median(loads):>11.2f}{np.mean(np.array(loads) > FLAGGED):>9.0%}"
            f"{np.mean(np.array(loads) > STRONG):>10.0%}{middle:>9.2f}x  {low:.2f}-{high:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
