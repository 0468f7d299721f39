"""A trace suits trace viewers: every event has what its kind needs, and agrees with the results."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_cells import of_seconds, table

from concbench import measure
from concbench.analysis.table_analysis import analyse
from concbench.cli.main import main
from concbench.report.trace import trace
from concbench.results.records import ObservedPass, Tasks
from concbench.traits import ELSEWHERE, THREADS, Traits

NEEDED: dict[str, dict[str, Any]] = {
    "X": {"name": str, "ts": (int, float), "dur": (int, float), "pid": int, "tid": int, "args": dict},
    "C": {"name": str, "ts": (int, float), "pid": int, "args": dict},
    "M": {"name": str, "pid": int, "tid": int, "args": dict},
}
"""Keys of an event by its phase, from the published description of the Trace Event Format."""


def fails_on_three(item: int) -> int:
    if item == 3:
        raise ValueError(item)
    return item


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    run = measure(
        fails_on_three, items=range(6), runners=["sequential", "thread-pool:2"], rounds=1, tolerate=True, seed=1
    )
    content = json.loads(trace(run.analyses))
    assert content["displayTimeUnit"] == "ms"
    found: list[dict[str, Any]] = content["traceEvents"]
    return found


def test_every_event_has_what_its_kind_needs(events: list[dict[str, Any]]) -> None:
    for event in events:
        for key, kind in NEEDED[str(event["ph"])].items():
            assert isinstance(event[key], kind), event
    assert all(float(str(event["dur"])) >= 0 for event in events if event["ph"] == "X")
    counted = [event["args"] for event in events if event["ph"] == "C"]
    assert all(isinstance(value, (int, float)) for args in counted for value in args.values())


def test_every_task_is_there_with_its_item_and_outcome(events: list[dict[str, Any]]) -> None:
    """It is there once for each runner, in a lane of its worker; every lane has a name."""
    for pid in (1, 2):
        tasks = [event for event in events if event["ph"] == "X" and event["pid"] == pid and event["tid"] != 0]
        about = {str(event["args"]["item"]): event["args"]["outcome"] for event in tasks}
        assert about == {str(number): "failed" if number == 3 else "ok" for number in range(6)}
        named = {event["tid"] for event in events if event["ph"] == "M" and event["pid"] == pid}
        assert {event["tid"] for event in tasks} <= named
    names = {event["args"]["name"] for event in events if event["name"] == "process_name"}
    assert {"thread-pool(2)", "sequential"} == {str(name).rpartition(": ")[2] for name in names}


def test_tracks_count_tasks_and_cores_and_memory(events: list[dict[str, Any]]) -> None:
    """Tasks in flight never exceed the workers, and there are none at the end."""
    flight = [event["args"]["tasks"] for event in events if event["name"] == "tasks in flight" and event["pid"] == 2]
    assert 1 <= max(flight) <= 2
    assert flight[-1] == 0
    assert {"CPU", "memory"} <= {event["name"] for event in events}


def test_of_what_runs_elsewhere_only_the_phases_are_traced() -> None:
    """Its tasks have other clocks."""
    observed = ObservedPass(0.0, 1.0, 0.0, 0.1, [9e9], Tasks([9e9], [9e9 + 1], [0.1], [0]), memory_track=[[0.0, 1e7]])
    cells = [of_seconds("sequential", 1.0), replace(of_seconds("threads", 0.5), observed=observed)]
    for where, kinds in ((THREADS, {"M", "X", "C"}), (ELSEWHERE, {"M", "X"})):
        cells[1] = replace(cells[1], traits=Traits(where=where))
        events = json.loads(trace([analyse(table(*cells))]))["traceEvents"]
        assert {event["ph"] for event in events if event["pid"] == 2} == kinds
        assert any(event["ts"] > 1e12 for event in events if "ts" in event) is (where == THREADS)


def test_show_writes_a_trace_and_overwrites_only_if_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run without an observed pass has no trace."""
    results, out = tmp_path / "run.json", tmp_path / "out.json"
    measure(fails_on_three, items=[1, 2], runners=["sequential"], rounds=1).save(results)
    assert main(["show", str(results), "--trace", str(out)]) == 0
    assert json.loads(out.read_text())["traceEvents"]
    assert main(["show", str(results), "--trace", str(out)]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["show", str(results), "--trace", str(out), "--force"]) == 0
    measure(fails_on_three, items=[1, 2], runners=["sequential"], rounds=1, observe=False).save(results)
    assert main(["show", str(results), "--trace", str(out), "--force"]) == 2
    assert "nothing to trace" in capsys.readouterr().err
