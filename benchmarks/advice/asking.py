"""Ask for advice on one job, as a program does, and print the answer as a line of JSON.

Each question has a process of its own, so that no answer depends on what an earlier one left, and so that two versions
of concbench can be asked. `accuracy.py` starts it: JOB DIRECTORY SERVER [BUDGET].
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from jobs import JOBS, Place

from concbench import advise


def main() -> None:
    """Ask once."""
    name, directory, server, *budget = sys.argv[1:]
    job = JOBS[name]
    options: dict[str, Any] = {"tolerate": True} if job.fails else {}
    if budget:
        options["budget"] = float(budget[0])
    advice = advise(job.called(), items=list(job.items(Place(Path(directory), server))), **options)
    found = advice.recommendation
    runner, said = (found.runner, found.headline) if found else (None, str(advice))
    print(json.dumps({"runner": runner, "said": said}))
