"""The time shares add up to the whole, and the sentence on the largest loss follows from its figures."""

from __future__ import annotations

import re
from dataclasses import replace

from made_cells import COMPUTES, TASKS, TURNS, WAITS, Spans, one_after_another, table
from made_cells import of_tasks as made

from concbench.advice.losses import findings_of, largest_loss, limit_reached, no_overlap, too_few_workers
from concbench.advice.rules import findings
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import TableAnalysis, analyse
from concbench.results.records import Cell


def explained(baseline: Cell, other: Cell, facts: dict[str, float] | None = None) -> tuple[CellAnalysis, TableAnalysis]:
    seen = analyse(table(baseline, other, tasks=TASKS, max_rounds=3, facts=facts or {}))
    return seen.cells[1], seen


def with_faults(cell: Cell, count: int) -> Cell:
    assert cell.observed is not None
    return replace(cell, observed=replace(cell.observed, page_faults=count))


def said(baseline: Cell, other: Cell, facts: dict[str, float] | None = None) -> str:
    finding = largest_loss(*explained(baseline, other, facts))
    assert finding is not None
    return f"{finding.sentence} {finding.page}"


def test_contention_for_the_gil_is_told_from_that_for_cores_and_for_a_lock() -> None:
    """The runner, the cores that were busy, and the sequential work tell them apart."""
    assert re.match(r"50 % .* GIL.*\(1.0 cores busy\)", said(COMPUTES, made("thread-pool:2", TURNS, workers=2)))
    four: Spans = [(place // 4 * 2.0, place // 4 * 2.0 + 2.0, 1.0, place % 4) for place in range(TASKS)]
    assert "4 workers that compute took turns on 2 cores" in said(COMPUTES, made("process-pool:4", four, workers=4))
    idle: Spans = [(start, end, 0.01, worker) for start, end, _, worker in TURNS]
    lock = said(WAITS, made("thread-pool:2", idle, workers=2))
    assert "a task took 2.00 s on average instead of 1.00 s" in lock
    assert "the GIL, a lock, a core, or a shared service. concbench cannot tell which." in lock
    assert "coroutines share one thread" in said(COMPUTES, made("asyncio:2", TURNS, workers=2))


def test_no_gil_is_blamed_where_there_is_none() -> None:
    """The interpreter is free-threaded, or several cores were busy."""
    assert "GIL" not in said(COMPUTES, made("thread-pool:2", TURNS, workers=2, gil=False))
    busy: Spans = [(start, end, 1.7, worker) for start, end, _, worker in TURNS]
    assert "GIL" not in said(COMPUTES, made("thread-pool:2", busy, workers=2))


def test_the_tail_names_the_longest_task() -> None:
    """Seven tasks are short, and one is still running when all others have ended."""
    spans: Spans = [(float(place // 2), place // 2 + 1.0, 0.0, place % 2) for place in range(7)]
    last: Spans = [*spans, (3.0, 13.0, 0.0, 1)]
    baseline = made("sequential", [(start, start + (10.0 if place == 7 else 1.0), 0.0, 0)
                                   for place, start in enumerate(range(8))])  # fmt: skip
    sentence = said(baseline, made("thread-pool:2", last, workers=2))
    assert sentence.startswith("35 % was lost at the end")
    assert "The task that ended last (task 7) took 10.0 s; the median is 1.00 s" in sentence


def test_starting_names_the_workers_that_were_at_work_at_once() -> None:
    """There is a thread for each task, and it ends before the next but one starts."""
    spans: Spans = [(float(place), place + 0.5, 0.0, place) for place in range(TASKS)]
    short = one_after_another(0.5, 0.0)
    assert "the first began after 0 us, the last after 7.00 s, and at most 1 were at work at once" in said(
        short, made("threads", spans, workers=8)
    )
    late: Spans = [(start + 5, end + 5, cpu, place % 2) for place, (start, end, cpu, _) in enumerate(spans)]
    pool = said(short, made("process-pool:2", late, workers=2))
    assert "on average, a worker began its first task after 5.50 s of" in pool


def test_dispatch_names_pickling_where_that_is_a_good_part_of_it() -> None:
    """The batch is named if there is one."""
    spans: Spans = [(place * 3.0, place * 3.0 + 1.0, 1.0, 0) for place in range(TASKS)]
    pool = made("process-pool:1", spans, workers=1)
    assert "dispatching a task took 1.75 s, and a task takes 1.00 s" in said(COMPUTES, pool)
    facts = {"pickling_seconds": 1.0}
    assert "pickling an item and its result takes 1.00 s" in said(COMPUTES, pool, facts)
    batches = made("batched-threads:1", spans, workers=1)
    assert "begins when the slowest task of the previous batch has ended" in said(COMPUTES, batches, facts)


def test_slower_cpu_names_page_faults_only_if_they_were_more() -> None:
    """Page faults are a figure of the run like any other."""
    spans: Spans = [(place * 2.0, place * 2.0 + 2.0, 2.0, 0) for place in range(TASKS)]
    slow = made("process-pool:1", spans, workers=1)
    assert "took 2.00x the CPU time:" in said(COMPUTES, slow)
    assert "(5,000 page faults instead of 100)" in said(with_faults(COMPUTES, 100), with_faults(slow, 5_000))


def test_shut_down_and_no_loss() -> None:
    """A loss below 5 % is not mentioned."""
    spans: Spans = [(float(place), place + 1.0, 1.0, 0) for place in range(TASKS)]
    assert "lost to shutting down" in said(COMPUTES, made("process-pool:1", spans, makespan=12.0))
    assert said(COMPUTES, made("process-pool:1", spans, makespan=8.1)).startswith("99 % of it was the work itself")


def test_without_recorded_tasks_nothing_is_said() -> None:
    """Without time shares there is no sentence."""
    bare = replace(made("thread-pool:2", TURNS, workers=2), observed=None)
    cell, seen = explained(COMPUTES, bare)
    assert cell.shares is None
    assert largest_loss(cell, seen) is None
    assert limit_reached(explained(bare, replace(bare, label="thread-pool:3"))[0]) is None


def test_what_was_possible_counts_workers_cores_and_order() -> None:
    """In the article's order, four tasks run on two workers; longest first would allow more."""
    lengths = [1.0, 1.0, 2.0, 4.0]
    starts = [0.0, 1.0, 2.0, 4.0]
    baseline = made("sequential", [(start, start + length, length, 0)
                                   for start, length in zip(starts, lengths, strict=True)])  # fmt: skip
    spans: Spans = [(0.0, 1.0, 1.0, 0), (0.0, 1.0, 1.0, 1), (1.0, 3.0, 2.0, 0), (1.0, 5.0, 4.0, 1)]
    cell, _ = explained(baseline, made("process-pool:2", spans, workers=2))
    assert cell.limits is not None
    assert (cell.limits.here, cell.limits.reordered) == (1.6, 2.0)
    assert str(limit_reached(cell)) == (
        "1.60x of the 1.60x that so many workers allow in this order of the items; the longest first would allow 2.00x."
    )
    shared, _ = explained(COMPUTES, made("thread-pool:2", TURNS, workers=2))
    assert str(limit_reached(shared)) == "1.00x of the 1.00x that one core at a time allows."


def waiting(workers: int, length: float, tasks: int = TASKS) -> Cell:
    """Threads that wait for `length` seconds in each task."""
    spans: Spans = [(place // workers * length, (place // workers + 1) * length, 0.0, place % workers)
                    for place in range(tasks)]  # fmt: skip
    return made(f"thread-pool:{workers}", spans, workers=workers)


def test_what_is_saturated_is_told_from_what_is_not() -> None:
    """With twice the workers, the time is the same and tasks take twice as long: the other side serves four at once."""
    rows = explained(WAITS, waiting(4, 1.0))[1].record
    rows = replace(rows, cells=[WAITS, waiting(4, 1.0), waiting(8, 2.0)])
    (one,) = [finding for finding in findings(analyse(rows)) if "serves no more" in str(finding)]
    assert one.figures == {"task_seconds": 2.0, "task_seconds_before": 1.0, "tasks_per_second": 4.0}
    assert str(one) == (
        "thread-pool(8) was no faster than thread-pool(4), and a task took 2.00 s instead of 1.00 s: the "
        "resource that the tasks wait for serves no more than about 4 per second."
    )
    fine = replace(rows, cells=[WAITS, waiting(4, 1.0), waiting(8, 1.0)])
    assert not any("serves no more" in str(finding) for finding in findings(analyse(fine)))


def test_more_than_the_workers_can_gain_is_explained_by_what_the_baseline_pays() -> None:
    """CPU time and page faults show it."""
    spans: Spans = [(place // 2 * 0.5, place // 2 * 0.5 + 0.5, 0.5, place % 2) for place in range(TASKS)]
    pool = made("process-pool:2", spans, workers=2)
    counted = explained(with_faults(COMPUTES, 90_000), with_faults(pool, 900))[1]
    (told,) = [text for text in map(str, findings(counted)) if "gained more than" in text]
    assert "its 2 workers" in told
    assert "4.00 s of CPU time instead of 8.00 s, and 900 page faults instead of 90,000" in told
    assert not any(
        "gained more" in str(text)
        for text in findings(explained(COMPUTES, made("process-pool:2", TURNS, workers=2))[1])
    )


def test_memory_of_each_process_is_named_where_it_is_large() -> None:
    """It is the memory above the baseline's, for each worker."""
    pool = made("process-pool:2", TURNS, workers=2)
    assert pool.observed
    assert COMPUTES.observed
    small = replace(COMPUTES, observed=replace(COMPUTES.observed, memory=100_000_000))
    large = replace(pool, observed=replace(pool.observed, memory=900_000_000))
    told = " ".join(map(str, findings(explained(small, large)[1])))
    assert "Each worker of process-pool(2, spawn) adds 400 MB of memory, 900 MB in all." in told
    assert "of memory" not in " ".join(map(str, findings(explained(small, pool)[1])))


def test_coroutines_that_never_overlapped_are_named_before_anything_else() -> None:
    """The sentence does not depend on the part in which their time is counted."""
    spans: Spans = [(float(place), place + 1.0, 0.01, place) for place in range(TASKS)]
    blocked = made("asyncio:4", spans, workers=4)
    assert said(WAITS, blocked).startswith("No coroutine yielded to another")
    sentence = "No two tasks were ever in progress at once, though 4 could be."
    assert str(no_overlap(explained(WAITS, blocked)[0])) == sentence
    fine = made("asyncio:2", TURNS, workers=2)
    assert "yielded" not in said(WAITS, fine)
    assert no_overlap(explained(WAITS, fine)[0]) is None


def test_native_threads_count_as_computing_workers() -> None:
    """There are two processes with two native threads each, on two cores."""
    pool = made("process-pool:2", TURNS, workers=2)
    assert COMPUTES.observed
    both = replace(COMPUTES, observed=replace(COMPUTES.observed, cpu=1.9 * TASKS))
    told = said(both, pool, {"native_threads": 2.0})
    assert "2 workers with 2 native threads each that compute took turns on 2 cores" in told
    assert "took turns" not in said(COMPUTES, pool)
    assert "took turns" not in said(COMPUTES, pool, {"native_threads": 2.0}), "they were there, and did nothing"
    assert "took turns" not in said(both, replace(pool, variant="1 inner thread each"), {"native_threads": 2.0})


def test_an_uneven_last_batch_is_named_and_no_task_that_is_not_long() -> None:
    """There are eight tasks in batches of six: two are left for six workers at the end."""
    spans: Spans = [(place // 6 * 1.0, place // 6 * 1.0 + 1.0, 0.01, place) for place in range(TASKS)]
    told = said(WAITS, made("batched-threads:6", spans, workers=6))
    assert "the last batch had 2 tasks for 6 workers" in told
    assert "ended last" not in told


def test_too_few_workers_that_wait_are_named() -> None:
    """Two workers run where eight could wait; a worker for each task is not reported."""
    spans: Spans = [(place // 2 * 1.0, place // 2 * 1.0 + 1.0, 0.01, place % 2) for place in range(TASKS)]
    finding = too_few_workers(explained(WAITS, made("thread-pool:2", spans, workers=2))[0])
    assert finding is not None
    assert finding.sentence.startswith("99 % of the time of 2 workers was the tasks' own waiting")
    wide: Spans = [(0.0, 1.0, 0.01, place) for place in range(TASKS)]
    assert too_few_workers(explained(WAITS, made("thread-pool:8", wide, workers=8))[0]) is None
    assert too_few_workers(explained(COMPUTES, made("thread-pool:2", TURNS, workers=2))[0]) is None


def test_tasks_that_were_dealt_out_beforehand_leave_a_tail_and_no_dispatch() -> None:
    """Each of two workers gets chunks of four; one chunk ends long before the other."""
    spans: Spans = [(float(place), place + 1.0, 1.0, 0) for place in range(4)]
    spans += [(3.0 * place, 3.0 * place + 3.0, 3.0, 1) for place in range(4)]
    chunks = replace(made("process-pool:2", spans, workers=2), settings={"start_method": "spawn", "chunksize": 4})
    told = said(one_after_another(2.0, 2.0), chunks)
    assert told.startswith("33 % was lost at the end")
    assert "4 tasks at a time go to one worker" in told


def test_half_waiting_work_is_not_called_computing() -> None:
    """Both shares are named, and the sentence does not say that only cores help."""
    mixed = one_after_another(1.0, 0.52)
    told = said(mixed, replace(mixed, label="another"))
    assert "only more cores" not in told
    assert "52 % of it was the work itself, and 48 % its own waiting" in told


def test_computed_no_more_is_said_only_where_it_is_so() -> None:
    """CPU time increased as well."""
    spans: Spans = [(start * 2, end * 2, 1.3, worker) for start, end, _, worker in TURNS]
    told = said(COMPUTES, made("process-pool:2", spans, workers=2))
    assert "lost to contention" in told
    assert "no more CPU time" not in told


def test_without_a_gil_slower_threads_point_to_shared_counts() -> None:
    """Under a free-threaded interpreter, the same work takes twice the CPU time in threads."""
    spans: Spans = [(place // 2 * 2.0, place // 2 * 2.0 + 2.0, 2.0, place % 2) for place in range(TASKS)]
    assert "shared reference counts" in said(COMPUTES, made("thread-pool:2", spans, workers=2, gil=False))
    for gil in (True, False):
        assert "reference counts" not in said(COMPUTES, made("process-pool:2", spans, workers=2, gil=gil))


def test_threads_are_called_useless_only_for_work_that_computes_all_along() -> None:
    """If 60 % is computing, threads overlap the rest, and gain."""
    spans: Spans = [(place // 4 * 2.4, place // 4 * 2.4 + 2.4, 0.6, place % 4) for place in range(TASKS)]
    told = said(one_after_another(1.0, 0.6), made("thread-pool:4", spans, workers=4))
    assert "hold the GIL" in told
    assert "More threads cannot" not in told
    assert "More threads cannot" in said(COMPUTES, made("thread-pool:2", TURNS, workers=2))


def test_more_workers_are_not_wished_for_where_they_gained_nothing() -> None:
    """The same runner was measured with twice as many workers, and took as long."""
    few, many, quick = waiting(2, 1.0), waiting(4, 2.0), waiting(4, 1.0)
    other_backend = replace(many, settings={"backend": "another"})
    rows = explained(WAITS, few)[1].record
    for other, wished in ((many, False), (quick, True), (other_backend, True)):
        seen = analyse(replace(rows, cells=[WAITS, few, other]))
        told = " ".join(finding.sentence for finding in findings_of(seen.cells[1], seen))
        assert ("more workers could overlap" in told) is wished


def test_what_was_reached_is_never_more_than_was_possible() -> None:
    """A twentieth more is noise."""
    spans: Spans = [(place // 2 * 0.95, place // 2 * 0.95 + 0.95, 0.95, place % 2) for place in range(TASKS)]
    cell = explained(COMPUTES, made("process-pool:2", spans, workers=2))[0]
    assert str(limit_reached(cell)).startswith("2.00x of the 2.00x that")


def test_threads_that_left_the_core_idle_did_not_wait_for_the_gil_to_compute() -> None:
    """Half of the work computes, and under threads a third of a core was busy."""
    spans: Spans = [(place // 2 * 4.0, place // 2 * 4.0 + 4.0, 0.6, place % 2) for place in range(TASKS)]
    told = said(one_after_another(1.0, 0.6), made("thread-pool:2", spans, workers=2))
    assert "hold the GIL" not in told
    assert "concbench cannot tell which" in told


def test_no_number_of_threads_is_called_useless_where_some_are_faster() -> None:
    """Contention for the GIL was the largest loss, and yet another number of threads gained."""
    slow, fast = made("thread-pool:2", TURNS, workers=2), waiting(4, 1.0)
    seen = analyse(replace(explained(COMPUTES, slow)[1].record, cells=[COMPUTES, slow, fast]))
    finding = largest_loss(seen.cells[1], seen)
    assert finding is not None
    assert "hold the GIL" in finding.sentence
    assert "More threads cannot" not in finding.sentence
    assert "More threads cannot" in said(COMPUTES, slow)


def test_a_task_that_took_as_long_is_not_compared_with_itself() -> None:
    """It took less CPU time and as long: there was more waiting."""
    spans: Spans = [(place // 2 * 1.0, place // 2 * 1.0 + 1.0, 0.5, place % 2) for place in range(TASKS)]
    told = said(COMPUTES, made("process-pool:2", spans, workers=2))
    assert told.startswith("50 % was lost to contention: the tasks waited for one another")
    assert "instead of" not in told


def test_what_was_hardly_faster_is_not_called_no_faster() -> None:
    """The table shows the times."""
    rows = explained(WAITS, waiting(4, 1.0))[1].record
    rows = replace(rows, cells=[WAITS, waiting(4, 1.0), replace(waiting(8, 2.0), samples=waiting(4, 0.98).samples)])
    assert "thread-pool(8) was hardly faster than thread-pool(4)" in " ".join(map(str, findings(analyse(rows))))
