"""The display of where the time went."""

from dataclasses import replace

import pytest

from concbench import measure
from concbench.analysis.table_analysis import analyse
from concbench.analysis.time_shares import PARTS
from concbench.cli.main import main
from concbench.report.bars import MARKS, draw_bar
from concbench.report.breakdown import breakdown
from concbench.report.section import section
from concbench.results.records import Json, Table
from concbench.workloads.synthetic import Sleep


@pytest.mark.parametrize("width", [40, 78, 100])
@pytest.mark.parametrize(
    "shares", [[0.5, 0.2, 0.1, 0.05, 0.05, 0.04, 0.03, 0.02, 0.01], [1 / 9] * 9, [1.0] + [0.0] * 8]
)
def test_a_bar_is_as_wide_as_asked_and_right_to_a_letter(width: int, shares: list[float]) -> None:
    """Letters are in the order of the parts, and none is off by a whole letter."""
    text = draw_bar(list(zip(PARTS, shares, strict=True)), width).plain
    assert len(text) == width
    for (mark, _), share in zip(MARKS.values(), shares, strict=True):
        assert abs(text.count(mark) - width * share) < 1


def test_every_part_has_a_letter_of_its_own() -> None:
    """A bar can be read without colours."""
    assert tuple(MARKS) == PARTS
    assert len({mark for mark, _ in MARKS.values()}) == len(PARTS)


def slower(table: Table) -> Table:
    """The table with runners that took half as long again, and so surely keep to the bound of the baseline's tasks."""
    first, *others = table.cells
    cells = [
        replace(cell, samples=[replace(sample, work=1.5 * sample.work) for sample in cell.samples]) for cell in others
    ]
    return replace(table, cells=[first, *cells])


@pytest.mark.measured
def test_every_measured_cell_is_explained() -> None:
    """There are a heading, figures that name the parts, and at least one sentence."""
    run = measure(Sleep(), runners=["sequential", "threads", "thread-pool:2"], rounds=1)
    why = breakdown(analyse(slower(run.tables[0])))
    assert [bar.name for bar in why.bars] == ["sequential", "threads", "thread-pool(2)"]
    assert all("waiting" in bar.figures and bar.findings for bar in why.bars)
    assert all(sum(share for _, share in bar.shares) == pytest.approx(1.0) for bar in why.bars)
    (most,) = (note for note in why.notes if note.startswith("With any number of workers"))
    tasks = run.tables[0].tasks
    assert tasks / 2 < float(most.split()[5].rstrip("x")) <= tasks
    assert len(why.pace.rows) == len(why.latency.rows) == 3
    text = run.why()
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "workers x its time = 100 %" in text


def test_why_needs_an_observed_pass(capsys: pytest.CaptureFixture[str]) -> None:
    """This holds for the option, and for showing a run without one."""
    assert main(["run", "sleep", "--why", "--no-observe"]) == 2
    assert "--why needs the observed pass" in capsys.readouterr().err
    assert "There is nothing to explain" in measure(Sleep(), runners=["sequential"], rounds=1, observe=False).why()


def test_columns_that_say_nothing_are_left_out() -> None:
    """Without an observed pass, only the number of workers is known."""
    run = measure(Sleep(), runners=["sequential", "threads"], rounds=1, observe=False)
    assert [column.header for column in section(run[0]).costs.columns] == ["runner", "workers"]
    text = run.to("text", details=True)
    assert "workers" in text
    assert "start-up" not in text


def test_a_pass_that_was_not_typical_is_called_rough() -> None:
    """It took twice as long as the timed rounds."""
    table = measure(Sleep(), runners=["sequential"], rounds=1).tables[0]
    (cell,) = table.cells
    assert cell.observed is not None
    took = {name: getattr(cell.observed, name) for name in ("start", "work", "stop")}
    as_long = replace(cell.samples[0], **took)
    for times, rough in ((1.0, False), (2.0, True)):
        half = replace(as_long, work=as_long.work / times)
        notes = breakdown(analyse(replace(table, cells=[replace(cell, samples=[half])]))).notes
        assert any("Rough" in note for note in notes) == rough


def test_bytes_are_shown_where_it_is_known_how_many_a_task_moves() -> None:
    """They are those of the timed rounds, in MB/s."""
    table = measure(Sleep(), runners=["sequential"], rounds=1).tables[0]

    def paces(facts: Json) -> dict[str, float | None]:
        pace = breakdown(analyse(replace(table, facts=facts))).pace
        return {column.header: value.number for column, value in zip(pace.columns, pace.rows[0], strict=True)}

    assert "MB/s" not in paces({})
    rates = paces({"task_bytes": 1_000_000})
    assert rates["MB/s"] == pytest.approx(rates["tasks/s"])


@pytest.mark.measured
def test_no_bound_is_told_that_the_table_refutes() -> None:
    """The baseline's observed pass was not typical: something was faster than it allows."""
    table = slower(measure(Sleep(), runners=["sequential", "threads"], rounds=3).tables[0])
    assert any(note.startswith("With any number of workers") for note in breakdown(analyse(table)).notes)
    sequential, threads = table.cells
    fast = replace(threads, samples=[replace(sample, start=0.0, work=1e-3, stop=0.0) for sample in threads.samples])
    notes = breakdown(analyse(replace(table, cells=[sequential, fast]))).notes
    assert not any(note.startswith("With any number of workers") for note in notes)
