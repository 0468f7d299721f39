"""A run that was interrupted goes on where it stopped, and only if it is the same run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from concbench import Download, Primes, measure
from concbench.errors import HostFailure, Inapplicable, UsageError
from concbench.results.records import Table
from concbench.run import Run, load
from concbench.testing import SimulatedHosts

WORK = Primes(limits=[300, 200])
RUNNERS = ["sequential", "thread-pool:2", "process-pool:2"]
ROUNDS = 5


class Played(SimulatedHosts):
    """Hosts that are interrupted at an execution, counted over all cells, as by Ctrl-C."""

    def __init__(self, interrupted_at: int | None = None, failing: str = "") -> None:
        super().__init__(self._play)
        self.interrupted_at = interrupted_at
        self.failing = failing

    def _play(self, label: str, number: int) -> float | Exception:
        if len(self.order) == self.interrupted_at:
            raise KeyboardInterrupt
        if label == self.failing and number == 2:
            return Inapplicable("no more of it")
        return 1.0 + len(label) / 100 + number / 1000


def played(hosts: SimulatedHosts, **options: Any) -> Run:
    return measure(WORK, **{"runners": RUNNERS, "hosts": hosts, "rounds": ROUNDS, "seed": 7, **options})


WHOLE = played(Played())
EXECUTIONS = 3 * (1 + ROUNDS + 1)
"""Number of executions of a whole run: warm-ups, rounds, observed passes."""


@pytest.mark.parametrize("moment", range(EXECUTIONS))
def test_wherever_it_stopped_it_ends_as_if_it_had_not(moment: int, tmp_path: Path) -> None:
    """The same rounds come in the same order, each once; measured rounds are kept, and none is repeated."""
    stopped = played(Played(moment))
    assert stopped.record.interrupted
    stopped.save(tmp_path / "run.json")
    before = load(tmp_path / "run.json")
    hosts = Played()
    run = played(hosts, resume=before, seed=7)
    assert not run.record.interrupted
    (table,), (earlier,), (whole,) = run.tables, before.tables, WHOLE.tables
    assert table.rounds == ROUNDS
    assert table.stopped == whole.stopped
    for cell, uninterrupted in zip(table.cells, whole.cells, strict=True):
        assert [(sample.round, sample.position) for sample in cell.samples] == [
            (sample.round, sample.position) for sample in uninterrupted.samples
        ]
        assert cell.observed is not None
    for cell in earlier.cells if earlier.rounds else ():
        kept = [sample for sample in cell.samples if sample.round < earlier.rounds]
        assert table.cell(cell.label).samples[: len(kept)] == kept
    done = earlier.rounds
    observed = sum(cell.observed is not None for cell in earlier.cells) if done else 0
    assert len(hosts.order) == EXECUTIONS - 3 * done - observed
    assert any("resumed" in note for note in table.notes) == (done > 0)


class Unavailable(Download):
    """Work that is interrupted before anything of it runs."""

    def running(self, directory: str) -> Any:
        raise KeyboardInterrupt


def test_what_there_was_is_kept_if_the_work_could_not_even_be_started() -> None:
    """Both tables are kept: the finished one, and the other."""
    options: dict[str, Any] = {"runners": RUNNERS, "rounds": ROUNDS, "seed": 7}
    stopped = measure(WORK, Download(images=2), hosts=Played(EXECUTIONS + 9), **options)
    assert stopped.tables[1].rounds == 2
    run = measure(WORK, Unavailable(images=2), hosts=Played(), resume=stopped, **options)
    assert run.record.interrupted
    assert run.tables == stopped.tables


class Broken(Download):
    """Work that cannot be prepared."""

    def running(self, directory: str) -> Any:
        raise HostFailure("the image server did not start")


def test_work_that_cannot_be_prepared_takes_nothing_of_what_was_measured_with_it() -> None:
    """Its table says why; if there is nothing else, it is an error."""
    options: dict[str, Any] = {"runners": RUNNERS, "hosts": Played(), "rounds": ROUNDS, "seed": 7}
    run = measure(WORK, Broken(images=2), **options)
    assert run.tables[0].cells == WHOLE.tables[0].cells
    assert {cell.outcome.reason for cell in run.tables[1].cells} == {
        "download could not be prepared: the image server did not start"
    }
    assert not run.ok
    assert "No answer" in str(run)
    with pytest.raises(HostFailure):
        measure(Broken(images=2), **options)


def test_a_whole_run_has_nothing_left_to_do() -> None:
    """It is returned unchanged."""
    hosts = Played()
    assert played(hosts, resume=WHOLE).tables == WHOLE.tables
    assert hosts.order == []


def test_a_cell_that_ended_stays_ended() -> None:
    """It is not measured again."""
    stopped = played(Played(EXECUTIONS - 4, failing="thread-pool:2"))
    hosts = Played()
    (table,) = played(hosts, resume=stopped).tables
    assert table.cell("thread-pool:2") == stopped.tables[0].cell("thread-pool:2")
    assert "thread-pool:2" not in {label for label, _ in hosts.order}


def test_tables_that_were_finished_stay_and_the_next_begin() -> None:
    """The second of two workloads was interrupted."""
    both = [WORK, Download(images=2)]
    options: dict[str, Any] = {"runners": RUNNERS, "rounds": ROUNDS, "seed": 7}
    stopped = measure(*both, hosts=Played(EXECUTIONS + 7), **options)
    hosts = Played()
    run = measure(*both, hosts=hosts, resume=stopped, **options)
    assert run.tables[0] == stopped.tables[0]
    assert run.tables[1].rounds == ROUNDS
    assert {label for label, _ in hosts.order} == set(RUNNERS)


def test_the_seed_is_that_of_the_run() -> None:
    """If a seed is given, it must be the same."""
    stopped = played(Played(10))
    assert measure(WORK, runners=RUNNERS, hosts=Played(), rounds=ROUNDS, resume=stopped).record.seed == 7
    with pytest.raises(UsageError, match="seed was 7 and is now 8"):
        played(Played(), resume=stopped, seed=8)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"rounds": 6}, "rounds of primes was 5 and is now 6"),
        ({"rounds": None, "max_rounds": 5}, "budget of primes was none and is now 60s"),
        ({"runners": RUNNERS[:2]}, "number 3 of runners was process-pool:2 and is now none"),
        ({"baseline": "thread-pool:2"}, "baseline of primes was sequential and is now thread-pool:2"),
        ({"warm": True}, "warm of primes was false and is now true"),
        ({"fresh": True}, "fresh of primes was none and is now true"),
    ],
)
def test_another_plan_is_refused(changed: dict[str, Any], named: str) -> None:
    """The message names the difference, and nothing runs."""
    hosts = Played()
    with pytest.raises(UsageError) as refused:
        played(hosts, resume=played(Played(10)), **changed)
    assert str(refused.value).startswith(f"cannot resume that run: {named}")
    assert hosts.order == []


def test_other_work_is_refused() -> None:
    """It has another limit, or is another workload."""
    stopped = played(Played(10))
    for other in (Primes(limits=[300, 201]), Download(images=2)):
        with pytest.raises(UsageError, match="cannot resume"):
            measure(other, runners=RUNNERS, hosts=Played(), rounds=ROUNDS, resume=stopped)


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("python", "3.1", "python of the environment was 3.1 and is now "),
        ("cores_usable", 999, "cores usable of the environment was 999 and is now "),
        ("packages", {"rich": "0.1"}, "aiohttp of packages of the environment was none and is now "),
        (
            "variables",
            {"OMP_NUM_THREADS": "3"},
            "OMP NUM THREADS of variables of the environment was 3 and is now none",
        ),
        ("memory", 10**15, "the machine had 1000000.0 GB of memory and now has "),
        ("memory", "lots", "the machine had 0.0 GB of memory and now has "),
    ],
)
def test_another_machine_is_refused(key: str, value: object, named: str) -> None:
    """So are another interpreter and other packages; the first difference is named."""
    record = played(Played(10)).record
    other = replace(record, environment={**record.environment, key: value})
    with pytest.raises(UsageError) as refused:
        played(Played(), resume=Run(other))
    assert str(refused.value).startswith(f"cannot resume that run: {named}")


def test_a_little_more_memory_is_the_same_machine() -> None:
    """The kernel may keep more or less of it for itself."""
    record = played(Played(10)).record
    memory = record.environment["memory"]
    for other in (round(memory * 1.01), round(memory * 0.99)):
        run = played(Played(), resume=Run(replace(record, environment={**record.environment, "memory": other})))
        assert run.tables[0].rounds == ROUNDS


def test_other_items_are_another_run() -> None:
    """This holds for items that were read and for items that were given."""

    def over(items: list[int], hosts: Played, **resumed: Any) -> Run:
        return measure(abs, items=items, runners=RUNNERS[:2], hosts=hosts, rounds=ROUNDS, seed=7, **resumed)

    stopped = over([1, 2, 3], Played(9))
    assert stopped.tables[0].rounds
    with pytest.raises(UsageError, match="items sha256 of settings of builtins:abs was"):
        over([4, 5, 6], Played(), resume=stopped)
    assert over([1, 2, 3], Played(), resume=stopped).tables[0].rounds == ROUNDS


def unobserved(table: Table) -> Table:
    """The same table before its observed passes."""
    return replace(table, cells=[replace(cell, observed=None) for cell in table.cells])


def test_tables_after_the_one_that_is_redone_are_kept() -> None:
    """They are in the result, and in the records that are saved meanwhile."""
    both = [WORK, Primes(limits=[300, 201], algorithm="sieve")]
    options: dict[str, Any] = {"runners": RUNNERS, "rounds": ROUNDS, "seed": 7}
    whole = measure(*both, hosts=Played(), **options)
    whole = Run(replace(whole.record, tables=[unobserved(table) for table in whole.tables]))
    saved: list[int] = []
    run = measure(
        *both, hosts=Played(2), resume=whole, listen=lambda event: saved.append(len(getattr(event, "tables", "ab"))),
        **options,
    )  # fmt: skip
    assert run.record.interrupted
    assert run.tables[1] == whole.tables[1]
    assert set(saved) == {2}


def test_a_run_whose_cells_have_all_ended_has_nothing_left_to_do() -> None:
    """It is already complete."""
    ended = measure(WORK, runners=["asyncio"], hosts=SimulatedHosts(lambda _, __: Inapplicable("no")), seed=7)
    assert ended.tables[0].stopped == "cells"
    hosts = Played()
    assert measure(WORK, runners=["asyncio"], hosts=hosts, resume=ended).tables == ended.tables
    assert hosts.order == []


def test_another_version_is_refused() -> None:
    """It may measure differently."""
    record = replace(played(Played(10)).record, concbench="0.0.1")
    with pytest.raises(UsageError, match=r"version of concbench was 0\.0\.1"):
        played(Played(), resume=Run(record))


@pytest.mark.parametrize("moment", range(4, EXECUTIONS, 3))
@pytest.mark.parametrize("again", range(8))
def test_it_can_be_interrupted_again_and_again(moment: int, again: int, tmp_path: Path) -> None:
    """Finished rounds are never lost, even if resuming adds nothing."""
    first = played(Played(moment))
    second = played(Played(again), resume=first)
    second.save(tmp_path / "run.json")
    kept = {cell.label: cell.samples[: first.tables[0].rounds] for cell in first.tables[0].cells}
    assert {cell.label: cell.samples[: first.tables[0].rounds] for cell in second.tables[0].cells} == kept
    assert second.tables[0].rounds >= first.tables[0].rounds
    (table,) = played(Played(), resume=load(tmp_path / "run.json")).tables
    assert [[sample.round for sample in cell.samples] for cell in table.cells] == [list(range(ROUNDS))] * 3


def in_format_1(path: Path) -> None:
    """Turn a results file into one of format 1, which had five options."""
    content = json.loads(path.read_text("utf-8"))
    content["version"] = 1
    for table in content["tables"]:
        options = table.pop("options")
        most = options.get("rounds") or options["max_rounds"]
        table |= {"baseline": table["baseline"]["label"], "max_rounds": most, "all_rounds": "rounds" in options}
        table |= {name: options.get(name) for name in ("budget", "precision", "warm", "fresh")}
        for cell in table["cells"]:
            del cell["variant"]
    path.write_text(json.dumps(content), "utf-8")


@pytest.mark.parametrize("options", [{}, {"rounds": None, "budget": 30.0}, {"warm": True}])
def test_a_file_of_an_older_format_goes_on(options: dict[str, Any], tmp_path: Path) -> None:
    """An option that the file lacks has its default: another value is refused, and nothing else is."""
    file = tmp_path / "run.json"
    played(Played(11), **options).save(file)
    in_format_1(file)
    run = played(Played(), resume=load(file), **options)
    assert not run.record.interrupted
    assert any("resumed" in note for note in run.tables[0].notes)
    for more in ({"observe": False}, {"timeout": 20.0}, {"max_calls": 10**6}):
        with pytest.raises(UsageError, match=r"cannot resume that run: (observe|timeout|max-calls) of primes was"):
            played(Played(), resume=load(file), **options, **more)
