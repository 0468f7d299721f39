"""What a runner of clusters learns about workers and tasks, without any cluster."""

import pickle
import time
from functools import partial
from typing import Any

import pytest

from concbench.errors import BadSetting
from concbench.runners.clusters import running
from concbench.runners.clusters.chunks import Reply, work
from concbench.testing.laws import double
from concbench.workloads.function.adapters import WithInitializer


def nap(item: float) -> float:
    time.sleep(item)
    return item


def test_a_scheduler_without_workers_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    async def empty(address: str) -> dict[str, Any]:
        return {"workers": {}}

    monkeypatch.setattr(running, "_identity", empty)
    with pytest.raises(BadSetting, match="has no workers; start some with `dask worker tcp://"):
        running.worker_threads("tcp://127.0.0.1:8786")


def test_whole_workers_are_taken() -> None:
    """As many are taken as have the requested threads."""
    threads = {"a": 2, "b": 4, "c": 1}
    assert running.choose_workers(threads, None) == threads
    assert running.choose_workers(threads, 5) == {"b": 4, "c": 1}
    with pytest.raises(BadSetting, match=r"not 8: they have 4\+2\+1 threads"):
        running.choose_workers(threads, 8)


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (
            {"python": "3.10.2"},
            "runs cpython 3.10.2, but this is cpython 3.11.7: start it with the same Python",
        ),
        ({"packages": {"concbench": None}}, "lacks concbench: pip install concbench==1.0 where it runs"),
        ({"packages": {"concbench": "0.9"}}, "has concbench 0.9, but this machine has 1.0: pip install concbench==1.0"),
        (
            {"modules": {"app": {"version": "2", "digest": "x"}}},
            "has a different app from this machine (2 there, 1 here): use",
        ),
        ({"python": "3.11.9"}, ""),
    ],
)
def test_other_versions_are_named(there: dict[str, Any], says: str) -> None:
    """The message says what to do."""
    here = {
        "implementation": "cpython",
        "python": "3.11.7",
        "packages": {"concbench": "1.0"},
        "modules": {"app": {"version": "1", "digest": "x"}},
    }
    assert running._difference(here, {**here, **there}).startswith(says)
    assert bool(running._difference(here, {**here, **there})) == bool(says)


def test_a_look_at_the_work_ends_when_it_knows_enough() -> None:
    """It ends after three tasks, or half a second; the rest is sent again in chunks of 50 ms."""

    def looked_at(seconds: list[float]) -> Reply:
        return Reply(*pickle.loads(work(pickle.dumps((nap, seconds)), look=True)))

    assert looked_at([0.03] * 9).finished == 3
    assert looked_at([0.6] * 2).finished == 1
    assert looked_at([0.0] * 9).finished == 9
    reply = looked_at([0.2, 0.001, 0.001])
    assert reply.typical < 0.1 <= reply.longest, "a first use is not what tasks take"


def test_what_an_initializer_takes_is_no_task_s() -> None:
    """Otherwise a look at the work would end with the first task of a worker, and each task be a chunk of its own."""
    function = WithInitializer(nap, partial(time.sleep, 0.6), execution=-1)
    first = Reply(*pickle.loads(work(pickle.dumps((function, [0.001] * 9)), look=True)))
    assert (first.finished, len(pickle.loads(first.answers))) == (9, 9)  # type: ignore[arg-type] # it is bytes
    assert max(first.longest, first.seconds) < 0.3


def test_modules_are_those_that_must_be_imported_for_a_function() -> None:
    """They include modules of what it holds, but not those that every worker has."""
    from functools import partial

    from made_cells import table

    assert running.modules_of(partial(print, table)) == ["made_cells"]
    assert running.modules_of(double) == running.modules_of(lambda: 1) == []
