"""Record this machine's noise: identical arms in random order, round after round, as `simulate.py` replays them.

    python benchmarks/honesty/record.py NAME [--seconds 150] [--kind cpu|threads|processes]

Writes traces/NAME.json: the seconds of every arm in every round, and the load of others beside them.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from time import monotonic

from concbench.harness.hosts.launcher import ProcessHosts
from concbench.harness.machine.other_load import LoadWatch
from concbench.harness.planning.runner_specs import parse
from concbench.options import make_options
from concbench.workloads.synthetic import Sleep, Spin

if __package__:
    from .live import busy
    from .noise import TRACES
else:
    from live import busy
    from noise import TRACES

ARMS = 6
KINDS = {
    "cpu": (Spin(tasks=1, turns=400_000), "sequential"),
    "threads": (Sleep(tasks=8, seconds=0.010), "thread-pool:8"),
    "processes": (Spin(tasks=4, turns=300_000), "process-pool:2"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--seconds", type=float, default=150)
    parser.add_argument("--kind", choices=KINDS, default="cpu")
    parser.add_argument("--busy", action="store_true", help="have somebody else keep a core busy in the middle third")
    arguments = parser.parse_args()
    workload, spec = KINDS[arguments.kind]
    rounds, loads, disturbed = [], [], False
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        hosts = []
        for number in range(ARMS):
            cell = replace(parse(spec), label=f"{spec}-{number}")
            hosts.append(stack.enter_context(ProcessHosts().host(workload, cell, Path(directory), make_options())))
        for host in hosts:
            host.prepare()
            host.sample()
        began = monotonic()
        third = arguments.seconds / 3
        stranger = ExitStack()
        while (now := monotonic() - began) < arguments.seconds:
            if arguments.busy and third < now < 2 * third and not disturbed:
                disturbed = True
                stranger.enter_context(busy(1.0))
            if now > 2 * third:
                stranger.close()
            watch = LoadWatch()
            order = random.sample(range(ARMS), ARMS)
            seconds = {number: hosts[number].sample().seconds for number in order}
            rounds.append([round(seconds[number], 6) for number in range(ARMS)])
            loads.append(round(watch.cores() or 0.0, 2))
    TRACES.mkdir(exist_ok=True)
    path = TRACES / f"{arguments.name}.json"
    path.write_text(json.dumps({"kind": arguments.kind, "load_of_others": loads, "seconds": rounds}) + "\n")
    print(f"{len(rounds)} rounds of {ARMS} arms in {path.name}")


if __name__ == "__main__":
    main()
