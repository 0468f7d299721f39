"""A function and items that are named, made a workload: a process of its own has looked at them first."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path

from concbench.errors import BadFunction
from concbench.harness.interruption import INTERRUPTION
from concbench.launch import python
from concbench.results.records import Json
from concbench.workloads.facts import Facts
from concbench.workloads.how import How
from concbench.workloads.imported import Imported
from concbench.workloads.item_source import ItemSource
from concbench.workloads.loading import Place

_SECONDS = 300.0


def named_workload(function: Place, how: How, source: ItemSource) -> Imported:
    """The workload of a function that is named. Neither its module nor its items come into this process.

    Raises:
        UsageError: something cannot be found, imported, read or called; the module's own traceback is a note.
    """
    with tempfile.TemporaryDirectory(prefix="concbench-probe-") as directory:
        items = Path(directory) / "items.pickle"
        request = {
            "function": asdict(function),
            "how": how.to_json(),
            "source": asdict(source),
            "items": str(items),
        }
        answer = _asked(json.dumps(request), Path(directory) / "log")
        packed = items.read_bytes() if answer.pop("packed") else None
    return Imported(function, how, Facts(**answer), source=source, packed=packed)


def _asked(request: str, log: Path) -> Json:
    with log.open("wb") as errors, INTERRUPTION.allowed():
        try:
            done = subprocess.run(
                python("concbench.host.probe"),
                input=request,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                timeout=_SECONDS,
                check=False,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            raise BadFunction(f"importing the function and reading the items took more than {_SECONDS:g} s") from None
    if not done.stdout:
        tail = log.read_text(errors="replace")[-500:].strip()
        raise BadFunction(f"importing the function ended the process (exit code {done.returncode}): {tail}")
    answer = json.loads(done.stdout)
    if "failed" in answer:
        failed = BadFunction(answer["failed"])
        if answer["shown"]:
            failed.add_note(answer["shown"])
        raise failed
    facts: Json = answer["ok"]
    return facts
