"""Printed output fits, and shows as text whatever the results contain."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from concbench import Run, advise, measure
from concbench.report.terminal import plain, render
from concbench.results.records import RunRecord
from concbench.testing import SimulatedHosts
from concbench.workloads.download.workload import Download
from concbench.workloads.primes import Primes

RUNNERS = ["sequential", "threads", "batched-threads:10", "thread-pool:32", "process-pool:2", "asyncio:32"]


def record() -> RunRecord:
    hosts = SimulatedHosts(lambda label, number: 0.0123 * (1 + RUNNERS.index(label)))
    return measure(Primes(limits=[10, 20]), Download("full"), runners=RUNNERS, hosts=hosts, seed=1).record


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    """Eighty columns are enough."""
    lines = plain(Run(record()).document(why=True), width).splitlines()
    assert max(map(len, lines)) <= width
    assert not any(line.endswith(" ") for line in lines)


def test_a_row_of_figures_takes_one_line_in_eighty_columns() -> None:
    """This includes the longest default runner."""
    lines = str(Run(record())).splitlines()
    assert any(line.startswith(("process-pool(2, forkserver) ", "process-pool(2, spawn) ")) for line in lines)


def test_the_answers_come_last() -> None:
    """There is one for each table, after all tables."""
    text = str(Run(record()))
    assert text.index("Answer for primes") > text.rindex("start-up")
    assert text.index("Answer for download") > text.index("Answer for primes")


def test_markup_and_escapes_in_names_are_shown_as_text() -> None:
    """A hostile name neither colours the terminal nor breaks the table."""
    one = record()
    cell = replace(one.tables[0].cells[1], label="[red]\x1b[31mthreads[/red]")
    table = replace(one.tables[0], cells=[one.tables[0].cells[0], cell], title="[bold]\x1b]0;owned\x07")
    hostile = replace(one, tables=[table])
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    console.print(render(Run(hostile).document(), console))
    assert isinstance(console.file, io.StringIO)
    for text in (str(Run(hostile)), console.file.getvalue()):
        assert "[red]" in text
        assert "[bold]" in text
        assert "\x1b]0;owned" not in text
        assert "\x1b[31m" not in text
        assert "\x07" not in text


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
