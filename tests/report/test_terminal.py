"""Printed output fits, is short, leaves out no warning, and shows as text whatever the results contain."""

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from made_cells import of_seconds, table
from rich.cells import cell_len
from rich.console import Console

from concbench import Run, advise, measure
from concbench.advice.finding import WARNING
from concbench.advice.recommendation import recommend
from concbench.report.document import ANSWER, Document
from concbench.report.terminal import plain, render
from concbench.results.records import Cell, Checked, Outcome, RunRecord, Table
from concbench.run import Advice
from concbench.testing import SimulatedHosts
from concbench.units import seconds
from concbench.workloads.download.workload import Download
from concbench.workloads.primes import Primes

RUNNERS = ["sequential", "threads", "batched-threads:10", "thread-pool:32", "process-pool:2", "asyncio:32"]
SEQUENTIAL = of_seconds("sequential", 1.0)
DOWNLOAD = table(
    of_seconds("sequential", 0.519, 0.05),
    of_seconds("threads", 0.0336, 0.74, workers=24),
    of_seconds("batched-threads:10", 0.0791, 0.33, workers=10),
    of_seconds("processes", 0.850, 1.89, workers=24),
    of_seconds("thread-pool:32", 0.0337, 0.64, workers=24),
    of_seconds("process-pool:2", 0.341, 0.51, workers=2),
    of_seconds("asyncio:32", 0.0338, 0.36, workers=24),
    workload="download", title="24 images of 60 kB over HTTP, 20 ms latency", size="quick", load=[0.0] * 10,
)  # fmt: skip
PRIMES = table(
    of_seconds("sequential", 0.177),
    of_seconds("threads", 0.160),
    of_seconds("batched-threads:10", 0.160),
    of_seconds("processes", 0.117, 1.88),
    of_seconds("thread-pool:32", 0.161),
    of_seconds("process-pool:2", 0.116, 1.83, workers=2),
    replace(of_seconds("asyncio:32", 1.0), samples=[], outcome=Outcome("inapplicable", "it has no coroutine to await")),
    workload="primes", title="6 products of primes below 3,700 to 6,700, by trial division", size="quick",
    load=[0.0] * 10,
)  # fmt: skip


def record() -> RunRecord:
    hosts = SimulatedHosts(lambda label, number: 0.0123 * (1 + RUNNERS.index(label)))
    return measure(Primes(limits=[10, 20]), Download("full"), runners=RUNNERS, hosts=hosts, seed=1).record


def run_of(*tables: Table) -> Run:
    return Run(RunRecord("0.1.0", "2026-01-01T00:00:00+00:00", 1, False, {"python": "3.11"}, list(tables)))


def advice_of(*cells: Cell, **changes: Any) -> Advice:
    run = run_of(table(*cells, **changes))
    return Advice(run, recommend(run[0], run.tables[0].tasks))


def joined(text: str) -> str:
    """A text as one line."""
    return " ".join(text.split())


def row_of(name: str, text: str) -> str:
    """The row of a runner."""
    (row,) = [line for line in text.splitlines() if re.match(rf"{re.escape(name)}( \*)? ", line)]
    return row


def failed(label: str, reason: str, **outcome: Any) -> Cell:
    return replace(of_seconds(label, 1.0), samples=[], outcome=Outcome("failed", reason, **outcome))


TROUBLE = table(
    SEQUENTIAL,
    of_seconds("process-pool:2", 0.5, 1.9),
    of_seconds("threads", 0.7, noise=0.9),
    failed("thread-pool:4", "results differ", cause="results"),
    failed("processes", "it took more than 20 s", cause="timeout"),
    checked="sequential", notes=["A note on the work."], warmed_up=False, load=[0.9] * 10,
)  # fmt: skip
"""A table with most of what qualifies an answer."""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("details", [False, True])
@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
@pytest.mark.parametrize("tables", [(DOWNLOAD, PRIMES), (TROUBLE,)], ids=["usual", "trouble"])
def test_nothing_is_wider_than_the_terminal(tables: tuple[Table, ...], width: int, details: bool) -> None:
    lines = plain(run_of(*tables).document(details=details), width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert not any(line.endswith(" ") for line in lines)


@pytest.mark.parametrize("width", [80, 120])
def test_where_the_time_went_fits_as_well(width: int) -> None:
    lines = plain(Run(record()).document(why=True), width).splitlines()
    assert max(map(cell_len, lines)) <= width


def test_two_jobs_take_at_most_48_lines() -> None:
    """Two tables and two answers of at most three lines can be seen at once."""
    text = run_of(DOWNLOAD, PRIMES).to("text")
    assert len(text.splitlines()) <= 48
    for answer in text.split("Answer for ")[1:]:
        assert 1 <= len(answer.strip().splitlines()) - 1 <= 3


def test_advice_takes_at_most_40_lines_with_its_program() -> None:
    """The program of an ordinary function that computes has nine lines."""
    advice = advice_of(
        of_seconds("sequential", 1.32),
        of_seconds("thread-pool:2", 1.4, 1.0),
        of_seconds("thread-pool:4", 1.42, 1.0),
        of_seconds("process-pool:2", 0.7, 1.9, began=0.05, workers=2),
        of_seconds("process-pool:4", 0.705, 1.9, began=0.1),
    )
    assert advice.recommendation is not None
    program = "".join(f"line {number}\n" for number in range(9))
    lines = str(replace(advice, recommendation=replace(advice.recommendation, snippet=program))).splitlines()
    assert len(lines) <= 40
    assert lines[-1].startswith("Advice: process-pool(2, spawn), 1.")
    assert all(line in lines for line in program.splitlines())


@pytest.mark.parametrize("runner", ["process-pool(2)", "batched-threads(10)"])
def test_a_row_of_figures_takes_one_line_in_eighty_columns(runner: str) -> None:
    """This includes the longest default runners, and a drawing."""
    row = row_of(runner, run_of(DOWNLOAD).to("text"))
    assert "●" in row
    assert row.endswith("faster")


def test_the_fastest_group_is_on_top_and_marked_and_the_baseline_is_named() -> None:
    """Within the group and below it, rows are in the order of their times."""
    run = run_of(DOWNLOAD)
    lines = run.to("text").splitlines()
    shown = {cell.record.shown_without_method: cell for cell in run[0].measured}
    cells = [shown[line.split()[0]] for line in lines[5:12]]
    assert [" * " in line for line in lines[5:12]] == [cell.in_fastest_group for cell in cells]
    places = [(not cell.in_fastest_group, cell.seconds or 0.0) for cell in cells]
    assert places == sorted(places)
    assert [behind for behind, _ in places] == [False] * 3 + [True] * 4
    assert row_of("sequential", run.to("text")).endswith("baseline")


def test_the_drawing_shows_which_runners_are_faster_than_the_baseline() -> None:
    """The point is right of the line at 1x, on it or left of it; the header has 1x at the line."""
    text = run_of(DOWNLOAD).to("text")
    (header,) = [line for line in text.splitlines() if line.startswith("runner")]
    one = header.index(" 1x") + 1
    for name, side in (("threads", 1), ("process-pool(2)", 1), ("sequential", 0), ("processes", -1)):
        place = row_of(name, text).index("●")
        assert (place > one) - (place < one) == side, name


@pytest.mark.parametrize("width", [20, 40, 60, 70])
def test_a_narrow_terminal_has_no_drawings_but_every_figure(width: int) -> None:
    run = run_of(DOWNLOAD)
    text = plain(run.document(), width)
    assert "●" not in text
    figures = [seconds(cell.seconds or 0.0) for cell in run[0].measured]
    for shown in (*figures, "batched-threads(10)", "faster", "baseline", "process-pool(2)"):
        assert shown in joined(text)


def test_a_wide_terminal_has_the_costs_in_the_same_table() -> None:
    """In details they are a table of their own if there is no room beside the answer."""
    run = run_of(DOWNLOAD)

    def headers(text: str) -> list[list[str]]:
        return [line.split() for line in text.splitlines() if line.startswith("runner")]

    costs = ["rounds", "workers", "start-up", "cores"]
    assert [row[-1] for row in headers(run.to("text"))] == ["verdict"]
    for details in (False, True):
        assert [row[-5:] for row in headers(plain(run.document(details=details), 120))] == [["verdict", *costs]]
    assert [row[1:] for row in headers(run.to("text", details=True))][1:] == [costs]


def test_where_lines_cannot_be_printed_they_are_ascii() -> None:
    """The point, the whiskers and the line at 1x can still be told apart."""
    text = plain(run_of(DOWNLOAD).document(), encoding="ascii")
    assert text.isascii()
    for name, is_slower in (("processes", True), ("process-pool(2)", False)):
        drawing = row_of(name, text).partition("]")[2]
        assert (drawing.index("o") < drawing.index(":")) == is_slower


def on_terminal(document: Document, **options: Any) -> str:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, legacy_windows=False, **options)
    console.print(render(document, console), crop=False)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_colours_add_nothing_that_cannot_be_read_without_them() -> None:
    """The fastest are green and have a star; the text is the same in all cases."""
    document = run_of(DOWNLOAD).document()
    colourful = on_terminal(document, color_system="standard", no_color=False)
    colourless = on_terminal(document, color_system="standard", no_color=True)
    assert "\x1b[32m" in colourful
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", colourless)
    for text in (colourful, colourless):
        lines = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()]
        assert "\n".join(lines).strip() == plain(document).strip()


def test_what_all_processes_have_in_common_is_said_once() -> None:
    """Other formats and sentences keep the whole names."""
    run = run_of(DOWNLOAD)
    text, markdown = run.to("text"), run.to("markdown")
    assert text.count("Processes are started by spawn.") == 1
    assert "process-pool(2, spawn)" not in text
    assert "process-pool(2, spawn)" in markdown
    assert "started by" not in markdown


@pytest.mark.parametrize(
    "other",
    [
        replace(of_seconds("process-pool:4", 0.5), settings={"workers": 4, "start_method": "fork"}),
        replace(of_seconds("mp-pool:4", 0.5), settings={"workers": 4}),
        replace(of_seconds("threads", 0.5), label="process-pool(2)", settings={}),
    ],
    ids=["another method", "unknown method", "the same name"],
)
def test_a_name_is_whole_where_something_would_be_lost(other: Cell) -> None:
    """This is so if processes are not all started alike, or may not be, and if two rows would be named alike."""
    text = run_of(table(SEQUENTIAL, of_seconds("process-pool:2", 0.6), other)).to("text")
    names = {re.split(r" {2,}| \*", line)[0] for line in text.splitlines()[5:8]}
    assert len(names) == 3
    assert "process-pool(2, spawn)" in names
    assert "Processes are started" not in text


def test_one_row_sixty_rows_and_none_are_laid_out() -> None:
    """A table of one row has no drawing: there is nothing to compare."""
    alone = run_of(table(SEQUENTIAL)).to("text")
    assert "baseline" in row_of("sequential", alone)
    assert "1x" not in alone.splitlines()[3]
    many = [of_seconds(f"thread-pool:{count}", 0.5 + count / 100) for count in range(1, 61)]
    text = run_of(table(SEQUENTIAL, *many)).to("text")
    assert all(row_of(f"thread-pool({count})", text) for count in range(1, 61))
    none = run_of(table(failed("sequential", "it burst"), failed("threads", "it burst"))).to("text")
    assert "sequential and threads: it burst" in none
    assert "No answer: sequential has no times to compare with (it burst)." in none
    assert "runner" not in none.partition("Answer")[0]


def findings_of(run: Run) -> list[Any]:
    return [finding for answer in run.document().answers for finding in answer.findings]


def test_every_warning_is_in_the_brief_text() -> None:
    """Only explanations are left out: what was not decided, not compared or disturbed is there."""
    run = run_of(TROUBLE)
    text, (section,) = joined(run.to("text")), run.document().sections
    warnings = [finding for finding in findings_of(run) if finding.role == WARNING]
    assert {finding.short.split()[0] for finding in warnings} >= {"Undecided:", "The", "Other"}
    assert section.loaded
    missing = [f"{one.name}: {one.reason}" for one in section.missing]
    for sentence in (*(one.short for one in warnings), section.load, *section.brief, *missing):
        assert sentence in text


def test_every_warning_of_advice_is_in_the_brief_text() -> None:
    cells = [SEQUENTIAL, of_seconds("process-pool:2", 0.5, 1.9), failed("processes", "it burst")]
    advice = advice_of(*cells, load=[0.9] * 10)
    assert advice.recommendation is not None
    found = [*advice.recommendation.reasons, *advice.recommendation.conditions]
    warnings = [finding for finding in found if finding.role == WARNING]
    assert len(warnings) >= 2
    for text in (str(advice), plain(replace(advice.document(), length=ANSWER))):
        assert all(finding.short in joined(text) for finding in warnings)
        assert text.splitlines()[-1].startswith("Advice: ")


@pytest.mark.parametrize("measured", [DOWNLOAD, PRIMES, TROUBLE], ids=lambda one: one.workload)
def test_details_have_every_sentence(measured: Table) -> None:
    """These are the sentences that Markdown has, too."""
    run = run_of(measured)
    text, (section,) = joined(run.to("text", details=True)), run.document().sections
    for sentence in (*section.reading, section.load, *map(str, findings_of(run))):
        assert sentence in text
    assert "More:" not in text


def test_details_of_advice_have_every_sentence() -> None:
    advice = advice_of(SEQUENTIAL, of_seconds("process-pool:2", 0.5, 1.9, began=0.1), of_seconds("threads", 1.0))
    assert advice.recommendation is not None
    text = joined(advice.to("text", details=True))
    assert all(sentence in text for sentence in map(str, advice.recommendation.reasons))
    assert all(sentence in text for sentence in advice.recommendation.valid_for)


def test_what_is_true_of_every_table_is_not_below_it() -> None:
    """A line says how to see it, and is not the last one."""
    run = run_of(DOWNLOAD)
    (section,) = run.document().sections
    assert len(section.general) == 3
    assert not any(sentence in joined(run.to("text")) for sentence in section.general)
    more = "More: --details, --why, or 'concbench help reading'."
    assert more in run.to("text").splitlines()[:-1]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"warm": True}, "(warm)"),
        ({"warmed_up": False}, "There was no warm-up"),
        ({"checked": "off"}, "Results were not compared (--no-check)."),
        ({"load": [0.3] * 10}, "Other processes used 0.30 cores meanwhile: enough to change ratios"),
    ],
)
def test_what_is_special_is_below_the_table(changes: dict[str, Any], says: str) -> None:
    usual = run_of(table(SEQUENTIAL, of_seconds("threads", 1.0), load=[0.0] * 10)).to("text")
    special = run_of(table(SEQUENTIAL, of_seconds("threads", 1.0), **{"load": [0.0] * 10, **changes})).to("text")
    assert says in joined(special)
    assert says not in joined(usual)


def test_the_answer_alone_has_the_headline_and_what_qualifies_it() -> None:
    """Each line names its workload; there is no table, and no reason."""
    run = run_of(DOWNLOAD, TROUBLE)
    text = plain(replace(run.document(), length=ANSWER))
    assert "runner" not in text
    assert text.startswith("download: thread-pool(32), threads and asyncio(32) are statistically tied: take")
    assert "one core can wait" not in text
    qualified = joined(text.partition("work: ")[2])
    for says in ("Undecided: threads", "not safe to run concurrently", "processes(spawn): it took more than 20 s",
                 "Other processes used 0.90 cores"):  # fmt: skip
        assert says in qualified
    interrupted = replace(run, record=replace(run.record, interrupted=True))
    assert plain(replace(interrupted.document(), length=ANSWER)).startswith("Interrupted")


@pytest.mark.parametrize("checked", ["off", "incomparable", "process", "unsteady"])
def test_an_answer_alone_says_that_results_were_not_compared(checked: Checked) -> None:
    """The note that gives the reason is below the table, which is not there."""
    run = run_of(replace(DOWNLOAD, checked=checked))
    assert "Results were not compared." in plain(replace(run.document(), length=ANSWER))
    assert "not compared" not in plain(replace(run_of(DOWNLOAD).document(), length=ANSWER))


def test_a_load_that_cannot_be_read_is_below_every_table() -> None:
    """Its absence would look like a quiet machine."""
    assert "The load of other processes could not be read here." in joined(str(run_of(replace(DOWNLOAD, load=[]))))


def test_the_answers_come_last() -> None:
    """There is one for each table, after all tables."""
    text = str(Run(record()))
    assert text.index("Answer for primes") > text.rindex("\nrunner ")
    assert text.index("Answer for download") > text.index("Answer for primes")


def test_markup_and_escapes_in_names_are_shown_as_text() -> None:
    """A hostile name neither colours the terminal nor breaks the table."""
    one = record()
    cell = replace(one.tables[0].cells[1], label="[red]\x1b[31mthreads[/red]")
    table = replace(one.tables[0], cells=[one.tables[0].cells[0], cell], title="[bold]\x1b]0;owned\x07")
    hostile = replace(one, tables=[table])
    for text in (str(Run(hostile)), on_terminal(Run(hostile).document(), color_system=None)):
        assert "[red]" in text
        assert "[bold]" in text
        assert "\x1b]0;owned" not in text
        assert "\x1b[31m" not in text
        assert "\x07" not in text


@pytest.mark.parametrize("width", [20, 40, 80, 120])
@pytest.mark.parametrize("name", ["x" * 500, "名前" * 20, "a b " * 30, "|\\`*[", "\u202e\x00"])
def test_a_hostile_name_breaks_no_line(name: str, width: int) -> None:
    """Names that are too long are folded."""
    cell = replace(of_seconds("threads", 0.5), label=name, settings={})
    text = plain(run_of(table(SEQUENTIAL, cell, workload=name, title=name)).document(), width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert all(character.isprintable() or character == "\n" for character in text)


def test_a_run_prints_as_its_tables() -> None:
    """This holds in a script and in a notebook."""
    run = measure(Primes(limits=[10]), runners=RUNNERS[:2], hosts=SimulatedHosts(lambda *_: 1.0), seed=1)
    assert "speed-up" in str(run)
    assert "Answer for primes" in str(run)


def test_a_reason_of_a_failure_is_shown_as_text_in_the_advice() -> None:
    """It may be the text of any exception."""
    hosts = SimulatedHosts(lambda label, _: ValueError("\x1b[31mred") if label.startswith("process") else 0.01)
    advice = advise(Primes(limits=[10] * 50), hosts=hosts, seed=1)
    assert advice.recommendation is not None
    assert "\x1b[31m" in advice.recommendation.headline
    assert "\x1b" not in str(advice)
    assert "failed (\\x1b[31mred)" in " ".join(str(advice).split())
