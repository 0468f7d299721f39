"""Progress: a table on a terminal, lines elsewhere; nothing without an event, and nothing left at the end."""

from __future__ import annotations

import io
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from time import monotonic
from typing import Any, Literal

import pytest
from made_cells import of_seconds, table
from rich.console import Console

from concbench import advise, measure
from concbench.campaign import ListenerEvent
from concbench.cli.output import say
from concbench.cli.progress import ProgressLines, ProgressTable, progress
from concbench.harness.clock import AwakeClock
from concbench.harness.events import Phase, Step
from concbench.report.live import HEADERS
from concbench.results.records import Cell, Outcome, RunRecord
from concbench.testing import SimulatedHosts
from concbench.workloads.primes import Primes

PIECE = re.compile(r"\x1b\[[\d;?]*[A-Za-z]|[^\x1b]")
STEP = Step("work", Phase.ROUND, "thread-pool:2", 3, 20, 12.3, 4, "thread-pool(2)")
LINE = "work, round 4: thread-pool(2), about 12 s left"
SEQUENTIAL, POOL = of_seconds("sequential", 2.0), of_seconds("thread-pool:2", 0.5)


class Clock(AwakeClock):
    """A clock that a test puts forward."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def suspend(self) -> None:
        """A wait for no time took a minute."""
        self.passed(0.0, monotonic() - 60.0)


class Terminal(io.StringIO):
    """A terminal that is high enough for everything that is written on it."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = [""]
        self._row = self._column = 0

    def write(self, text: str, /) -> int:
        for piece in PIECE.findall(text):
            self._take(piece)
        return super().write(text)

    def _take(self, piece: str) -> None:
        if piece == "\r":
            self._column = 0
        elif piece == "\n":
            self._row, self._column = self._row + 1, 0
            self._lines += [""] * (self._row == len(self._lines))
        elif piece == "\x1b[2K":
            self._lines[self._row] = ""
        elif piece[0] == "\x1b":
            assert piece[-1] in "Amhl"
            self._row -= int(piece[2:-1]) if piece[-1] == "A" else 0
            assert self._row >= 0, "the cursor left the terminal"
        else:
            line = self._lines[self._row].ljust(self._column)
            self._lines[self._row] = line[: self._column] + piece + line[self._column + 1 :]
            self._column += 1

    @property
    def lines(self) -> list[str]:
        """The lines at this moment, without empty ones at the end."""
        return "\n".join(line.rstrip() for line in self._lines).rstrip("\n").splitlines()


class Screen:
    """A progress table, and the terminal that it is drawn on."""

    def __init__(self, width: int = 80, height: int = 25, colors: Literal["standard"] | None = None) -> None:
        self.clock = Clock()
        self.terminal = Terminal()
        console = Console(file=self.terminal, force_terminal=True, width=width, height=height, color_system=colors)
        self.progress = ProgressTable(console, self.clock)

    @property
    def written(self) -> str:
        return self.terminal.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.terminal.lines

    def after(self, *events: ListenerEvent) -> str:
        """What is written for these events."""
        before = len(self.written)
        for event in events:
            self.progress.show(event)
        return self.written[before:]


def record(*cells: Cell, rounds: int = 10, **changes: Any) -> RunRecord:
    """The record after so many rounds of one workload."""
    return RunRecord("0.1.0", "2026-01-01T00:00:00+00:00", 1, False, {}, [table(*cells, rounds=rounds, **changes)])


def many(count: int) -> RunRecord:
    """The record of so many runners."""
    return record(*(of_seconds(f"thread-pool:{number}", 1 / number) for number in range(1, count + 1)))


@pytest.fixture(autouse=True)
def a_terminal_that_moves_its_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def screen() -> Iterator[Screen]:
    one = Screen()
    yield one
    one.progress.close()


def test_a_step_is_a_line_and_a_round_adds_the_table_with_the_fastest_first(screen: Screen) -> None:
    """The table is called what it is: results so far."""
    screen.after(STEP)
    assert screen.lines == [LINE]
    screen.after(record(SEQUENTIAL, POOL))
    line, header, first, second = screen.lines
    assert line == LINE
    assert header.startswith("results so far")
    assert re.split(r"  +", header) == list(HEADERS)
    assert re.fullmatch(r"thread-pool\(2\) +\d+ ms +\d\.\d\dx \[\d\.\d\d, \d\.\d\d\] +faster +10", first)
    assert re.fullmatch(r"sequential +\d\.\d\d s +1\.00x +- +10", second)


def test_a_step_changes_the_line_alone(screen: Screen) -> None:
    """The table stays as it is until the next round is over."""
    screen.after(STEP, record(SEQUENTIAL, POOL))
    rows = screen.lines[1:]
    screen.after(Step("work", Phase.OBSERVE, "sequential", 9, 20, 180.0))
    assert screen.lines == ["work, observed pass: sequential, about 3 min left", *rows]


def test_nothing_is_drawn_without_an_event(screen: Screen) -> None:
    """There is no thread that could draw while a sample is taken."""
    threads = threading.active_count()
    assert screen.written == ""
    screen.after(STEP, record(SEQUENTIAL, POOL))
    before = screen.written
    screen.clock.seconds += 1_000.0
    assert threading.active_count() == threads
    assert screen.written == before


def test_a_table_is_analysed_at_most_once_a_second(screen: Screen) -> None:
    """Rounds between are not drawn either; a step draws the table as it was."""

    def rounds_shown() -> str:
        return screen.lines[2].split()[-1]

    def after_rounds(count: int) -> RunRecord:
        return record(*(of_seconds(cell.label, 1.0, rounds=count) for cell in (SEQUENTIAL, POOL)), rounds=count)

    screen.after(STEP, after_rounds(3))
    assert rounds_shown() == "3"
    screen.clock.seconds = 0.9
    assert screen.after(after_rounds(4)) == ""
    screen.after(STEP)
    assert rounds_shown() == "3"
    screen.clock.seconds = 1.0
    screen.after(after_rounds(5))
    assert rounds_shown() == "5"


def test_the_table_of_another_workload_is_gone_with_the_first_step_of_the_next(screen: Screen) -> None:
    """The record still has it."""
    screen.after(STEP, record(SEQUENTIAL, POOL), Step("other", Phase.CHECK, "threads", 0, 9, None))
    assert screen.lines == ["other, check: threads"]
    screen.clock.seconds += 5.0
    screen.after(record(SEQUENTIAL, POOL))
    assert screen.lines == ["other, check: threads"]


def test_rounds_that_begin_again_are_gone_at_once(screen: Screen) -> None:
    """Their samples are discarded when every execution turns out to need a new process."""
    screen.after(STEP, record(SEQUENTIAL, POOL), record(SEQUENTIAL, POOL, rounds=0))
    assert screen.lines == [LINE]


@pytest.mark.parametrize("height", [1, 4, 5, 9, 25])
def test_the_table_fits_the_height(height: int) -> None:
    """The fastest rows are shown, and the others counted."""
    screen = Screen(height=height)
    screen.after(STEP, many(30))
    rows = [line for line in screen.lines if line.startswith("thread-pool(")]
    assert len(rows) == max(0, height - 4)
    assert len(screen.lines) <= max(1, height - 1)
    if rows:
        assert rows[0].startswith("thread-pool(30)")
        assert screen.lines[-1] == f"and {30 - len(rows)} more"
    screen.progress.close()
    assert screen.lines == []


@pytest.mark.parametrize("width", [1, 10, 20, 30, 45, 60, 79])
def test_columns_that_do_not_fit_are_left_out(width: int) -> None:
    """No line is as wide as the terminal; without room for names and times there is only the line above them."""
    screen = Screen(width=width)
    screen.after(STEP, record(SEQUENTIAL, POOL))
    assert all(len(line) < max(width, 2) for line in screen.lines)
    assert len(screen.lines) in {1, 4}
    if width <= 20:
        assert screen.lines == [LINE[: max(1, width - 3)].rstrip()]
    else:
        columns = re.split(r"  +", screen.lines[1])
        assert len(columns) >= 2
        assert columns == list(HEADERS[: len(columns)])
    screen.progress.close()


def test_a_long_name_is_cut_and_the_time_left_is_not(screen: Screen) -> None:
    """Both are on one line."""
    screen.after(Step("w" * 200, Phase.ROUND, "threads", 3, 20, 12.3, 4))
    (line,) = screen.lines
    assert line.startswith("www")
    assert line.endswith("w, about 12 s left")


def test_runners_that_took_no_part_in_the_last_round_are_dim() -> None:
    """They were dropped, need no more samples, or failed; the last of these have no figures."""
    screen = Screen(colors="standard")
    dropped = of_seconds("threads", 3.0, rounds=3)
    failed = Cell("asyncio", "asyncio", {}, 1, samples=SEQUENTIAL.samples, outcome=Outcome("failed", "a reason"))
    rows = screen.after(STEP, record(SEQUENTIAL, POOL, dropped, failed)).splitlines()
    names = ("sequential", "thread-pool(2)", "threads", "asyncio")
    dim = {name: "\x1b[2m" in line for line in rows for name in names if name in line}
    assert dim == {"sequential": False, "thread-pool(2)": False, "threads": True, "asyncio": True}
    assert any(re.search("asyncio +- +- +failed", line) for line in screen.lines)
    screen.progress.close()


def test_messages_stay_above_what_is_drawn(screen: Screen) -> None:
    """They remain when it is erased, and standard error is as before."""
    before = sys.stderr
    screen.after(STEP, record(SEQUENTIAL, POOL))
    drawn = screen.lines
    say("first")
    screen.after(STEP)
    say("second")
    assert screen.lines == ["concbench: first", "concbench: second", *drawn]
    screen.progress.close()
    assert screen.lines == ["concbench: first", "concbench: second"]
    assert sys.stderr is before


def test_the_cursor_stays_visible(screen: Screen) -> None:
    """The command may be suspended or killed at any time."""
    for event in (STEP, record(SEQUENTIAL, POOL), STEP):
        screen.after(event)
        assert screen.written.rfind("\x1b[?25l") < screen.written.rfind("\x1b[?25h")


def test_after_a_suspension_it_is_drawn_below_what_the_shell_has_printed(screen: Screen) -> None:
    """Nothing of that is erased, neither by the next event nor at the end."""
    screen.after(STEP, record(SEQUENTIAL, POOL))
    before = screen.lines
    screen.clock.suspend()
    screen.terminal.write("^Z\n[1]+  Stopped\n$ fg\n")
    screen.after(STEP)
    after = [*before[:-1], f"{before[-1]}^Z", "[1]+  Stopped", "$ fg"]
    assert screen.lines == [*after, *before]
    screen.progress.close()
    assert screen.lines == after


def test_at_an_end_after_a_suspension_nothing_is_erased(screen: Screen) -> None:
    """Standard error is as before, so that messages are printed where the cursor is."""
    error = sys.stderr
    screen.after(STEP, record(SEQUENTIAL, POOL))
    before = screen.written
    screen.clock.suspend()
    screen.progress.close()
    assert screen.written == before
    assert sys.stderr is error


def test_in_the_background_nothing_is_drawn(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another group of processes uses the terminal, until the command is in the foreground again."""
    screen.after(STEP, record(SEQUENTIAL, POOL))
    drawn = screen.lines
    with monkeypatch.context() as moved:
        moved.setattr("concbench.cli.progress._in_foreground", lambda _: False)
        assert screen.after(STEP, STEP) == ""
    screen.terminal.write("\n$ ls\n$ fg\n")
    screen.after(STEP)
    assert screen.lines == [*drawn, "$ ls", "$ fg", *drawn]


HOSTILE = "[red]\x1b[31m\x1b]0;owned\x07{}\n[/nothing]:smile:"


def test_hostile_names_are_texts(capsys: pytest.CaptureFixture[str]) -> None:
    """This holds for workloads and runners, on a terminal and in lines."""
    step = Step(HOSTILE.format("work"), Phase.ROUND, HOSTILE.format("cell"), 3, 20, None, 4)
    cells = (replace(cell, label=HOSTILE.format(cell.runner), settings={}) for cell in (SEQUENTIAL, POOL))
    screen, clock = Screen(width=300), Clock()
    screen.after(step, record(*cells, workload=step.workload))
    assert len(screen.lines) == 4
    screen.progress.close()
    lines = ProgressLines(clock=clock)
    clock.seconds = 10.0
    lines.show(step)
    printed = capsys.readouterr().err
    assert len(printed.splitlines()) == 1
    for text in (screen.written, printed):
        assert r"[red]\x1b[31m\x1b]0;owned\x07" in text
        assert "[/nothing]:smile:" in text
        assert not [escape for escape in ("\x1b[31m", "\x1b]", "\x07") if escape in text]


def test_names_that_the_encoding_lacks_are_escaped_before_they_are_laid_out() -> None:
    """Otherwise their escapes would make lines longer than the terminal."""
    stream = io.TextIOWrapper(io.BytesIO(), "ascii", errors="backslashreplace", newline="")
    console = Console(file=stream, force_terminal=True, width=60, height=25, color_system=None)
    drawn = ProgressTable(console, Clock())
    step = Step("größe" * 9, Phase.ROUND, "prüfung", 3, 20, None, 4)
    drawn.show(step)
    drawn.show(record(of_seconds("prüfung", 1.0), SEQUENTIAL, workload=step.workload))
    assert isinstance(stream.buffer, io.BytesIO)
    terminal = Terminal()
    terminal.write(stream.buffer.getvalue().decode("ascii"))
    drawn.close()
    assert terminal.lines[0].startswith(r"gr\xf6\xdfe")
    assert any(line.startswith(r"pr\xfcfung") for line in terminal.lines)
    assert max(map(len, terminal.lines)) < 60


@pytest.mark.parametrize("advises", [False, True])
def test_a_whole_measurement_fits_the_terminal_and_leaves_nothing(advises: bool) -> None:
    """In a race, runners join and are dropped."""
    screen, most = Screen(width=60, height=8), 0

    def listen(event: ListenerEvent) -> None:
        nonlocal most
        screen.clock.seconds += 0.4
        screen.after(event)
        assert len(screen.lines) <= 7
        assert all(len(line) < 60 for line in screen.lines)
        assert not screen.lines or screen.lines[0].startswith("primes, ")
        most = max(most, len(screen.lines))

    hosts = SimulatedHosts(lambda label, number: (0.02 if label == "sequential" else 0.01) * (1 + number % 3 / 100))
    if advises:
        advise(Primes(limits=[10] * 50), hosts=hosts, seed=1, listen=listen)
    else:
        runners = ["sequential", "threads", "thread-pool:2", "batched-threads:2", "process-pool:2"]
        measure(Primes(limits=[10, 20]), runners=runners, hosts=hosts, seed=1, listen=listen)
    assert most > 3
    screen.progress.close()
    assert screen.lines == []


def test_lines_are_none_in_a_short_run_and_then_say_how_far_it_is() -> None:
    """The first may come after 10 seconds."""
    printed: list[str] = []
    clock = Clock()
    lines = ProgressLines(printed.append, clock)
    lines.show(record(SEQUENTIAL, POOL, of_seconds("threads", 3.0, rounds=3)))
    clock.seconds = 9.9
    lines.show(STEP)
    assert printed == []
    clock.seconds = 10.0
    lines.show(STEP)
    assert printed == ["work: round 4, 2 of 3 runners still measured, about 12 s left"]
    clock.seconds = 25.0
    lines.show(STEP)
    lines.show(Step("work", Phase.OBSERVE, "threads", 3, 20, None))
    assert printed[1:] == ["work: observed pass"]


@pytest.mark.parametrize("pause", [0.03, 0.7, 4.0, 11.0, 60.0])
def test_lines_are_at_least_ten_seconds_apart_and_one_for_each_round(pause: float) -> None:
    """This holds however long the executions take."""
    printed: list[tuple[float, str]] = []
    clock = Clock()
    lines = ProgressLines(lambda line: printed.append((clock.seconds, line)), clock)
    for number in range(300):
        clock.seconds += pause
        lines.show(Step("work", Phase.ROUND, "threads", number, 300, None, 1 + number // 3))
    times = [0.0, *(time for time, _ in printed)]
    assert all(after - before > 9.999 for before, after in pairwise(times))
    assert len({line for _, line in printed}) == len(printed)
    assert bool(printed) is (300 * pause >= 10.0)


@pytest.mark.parametrize(("on_terminal", "term"), [(False, "xterm"), (True, "dumb")])
@pytest.mark.parametrize("color", ["auto", "always"])
def test_nothing_is_drawn_elsewhere(on_terminal: bool, term: str, color: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours make no terminal of a pipe, and a dumb terminal cannot move its cursor."""
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: on_terminal, raising=False)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(color) as show:
        show(STEP)
        show(record(SEQUENTIAL, POOL))
    assert stream.getvalue() == ""
