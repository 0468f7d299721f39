"""The answer in words follows from the figures of the run, and only from them."""

from dataclasses import replace

import pytest

from concbench.advice.answer import answer
from concbench.results.records import Cell, Observed, Outcome, Sample, Table


def cell(
    label: str, seconds: list[float], cores: float = 1.0, *, began: float = 0.0, gil: bool = True, workers: int = 4
) -> Cell:
    runner, _, count = label.partition(":")
    settings = {"workers": int(count)} if count else {}
    if runner.startswith("process"):
        settings = {**settings, "start_method": "spawn"}
    middle = sorted(seconds)[len(seconds) // 2] if seconds else 0.0
    return Cell(
        label=label,
        runner=runner,
        settings=settings,
        workers=1 if runner == "sequential" else workers,
        samples=[Sample(0.0, value, 0.0, None, number) for number, value in enumerate(seconds)],
        observed=Observed(0.0, middle, 0.0, cores * middle, [0.0, began], None),
        interpreter={"gil": gil},
    )


def table(*cells: Cell, facts: dict[str, float] | None = None) -> Table:
    return Table("work", "cpu", "", "some work", {}, 4, cells[0].label, 3, True, "known", facts or {}, list(cells))


def words(*cells: Cell, facts: dict[str, float] | None = None) -> str:
    return " ".join(answer(table(*cells, facts=facts)))


SEQUENTIAL = cell("sequential", [1.0, 1.0, 1.0])
WAITING = cell("sequential", [1.0, 1.0, 1.0], cores=0.1)


def test_the_fastest_is_named_with_its_speed_up() -> None:
    """The median of the per-round ratios."""
    assert words(SEQUENTIAL, cell("process-pool:2", [0.5, 0.6, 0.4], 1.9)).startswith(
        "process-pool(2, spawn) was fastest: 2.00x as fast as sequential."
    )


def test_ties_are_named_and_the_simplest_of_them() -> None:
    """Within 5 % of the fastest in some round."""
    text = words(WAITING, cell("asyncio:32", [0.10] * 3, 0.5), cell("threads", [0.12, 0.104, 0.12], 0.5))
    assert "3 rounds cannot tell threads apart from it; the simplest of them is threads." in text


def test_a_runner_behind_in_every_round_is_no_tie() -> None:
    """Then nothing is said of it."""
    assert "apart" not in words(WAITING, cell("asyncio:32", [0.10] * 3), cell("threads", [0.12] * 3))


@pytest.mark.parametrize("seconds", [[1.2, 1.1, 1.3], [0.95, 0.94, 0.96], [0.5, 0.5, 1.01]])
def test_without_a_clear_gain_the_advice_is_to_leave_it(seconds: list[float]) -> None:
    """Slower, hardly faster, or not faster in every round."""
    text = words(SEQUENTIAL, cell("thread-pool:4", seconds))
    assert "Nothing was clearly faster than sequential" in text
    assert "leave it as it is" in text
    assert "was fastest" not in text


def test_the_gil_is_named_where_threads_computed_one_at_a_time() -> None:
    """Computing baseline, threads that gained nothing, one core busy, a GIL."""
    text = words(SEQUENTIAL, cell("threads", [1.02, 0.99, 1.01], 1.0))
    assert "Threads gave nothing (threads 0.99x)" in text
    assert "GIL" in text


@pytest.mark.parametrize(
    ("baseline", "threads"),
    [
        (SEQUENTIAL, cell("threads", [1.0] * 3, 1.0, gil=False)),
        (SEQUENTIAL, cell("threads", [0.5] * 3, 1.9)),
        (SEQUENTIAL, cell("threads", [1.0] * 3, 1.9)),
        (WAITING, cell("threads", [1.0] * 3, 0.1)),
        (SEQUENTIAL, cell("threads", [1.0] * 3, 1.0, workers=1)),
        (replace(SEQUENTIAL, observed=None), cell("threads", [1.0] * 3, 1.0)),
        (SEQUENTIAL, replace(cell("threads", [1.0] * 3), observed=None)),
    ],
    ids=[
        "no GIL",
        "gained",
        "two cores busy",
        "waiting",
        "one worker",
        "baseline not observed",
        "threads not observed",
    ],
)
def test_the_gil_is_not_named_without_a_ground(baseline: Cell, threads: Cell) -> None:
    """Whichever part of the ground is missing."""
    assert "GIL" not in words(baseline, threads)


def test_waiting_is_named_where_it_overlapped() -> None:
    """A baseline that hardly computes, runners that gained."""
    text = words(WAITING, cell("thread-pool:32", [0.1] * 3, 0.8))
    assert "sequential computed only 10 % of its time and waited for the rest" in text


def test_waiting_is_not_named_where_the_work_computes() -> None:
    """However fast threads were: a free-threaded build, say."""
    assert "waited" not in words(SEQUENTIAL, cell("threads", [0.5] * 3, 2.0, gil=False))


def test_starting_is_named_where_it_took_most_of_the_time() -> None:
    """With the share of the observed pass."""
    text = words(WAITING, cell("processes", [2.0] * 3, 1.8, began=1.8), cell("threads", [0.1] * 3, 0.5))
    assert "processes(spawn) 90 % of 2.00 s" in text


def test_a_better_algorithm_is_named_only_where_it_was_timed() -> None:
    """With the figure."""
    pool = cell("process-pool:2", [0.5] * 3, 1.9)
    assert "100x as fast" in words(SEQUENTIAL, pool, facts={"sieve_seconds": 0.01})
    assert "algorithm" not in words(SEQUENTIAL, pool)


def test_a_baseline_without_times_gives_no_answer_and_the_reason() -> None:
    """Not a silent NaN."""
    failed = replace(SEQUENTIAL, samples=[], outcome=Outcome("failed", "it burst"))
    assert words(failed, cell("threads", [1.0] * 3)) == "No answer: sequential has no times to compare with (it burst)."


def test_a_single_cell_is_not_compared_with_itself() -> None:
    """It was merely measured."""
    assert "nothing to compare" in words(SEQUENTIAL)
