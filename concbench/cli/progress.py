"""The progress of a measurement on standard error, shown between executions and never during one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from typing import IO, TYPE_CHECKING

from rich.console import Console, ConsoleDimensions, Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.segment import SegmentLines
from rich.text import Text

from concbench.cli.console import console_of
from concbench.cli.output import say, telling
from concbench.harness.clock import AWAKE, AwakeClock
from concbench.harness.events import Step
from concbench.report.live import LiveRow, live_rows, live_table, running_cells
from concbench.report.visible import encodable, visible
from concbench.results.records import RunRecord, Table

if TYPE_CHECKING:
    from concbench.campaign import ListenerEvent

_TABLE_SECONDS = 1.0
"""Least seconds between two analyses of a table, which take some milliseconds each."""
_LINE_SECONDS = 10.0
"""Least seconds before the first line, and between two lines."""
_MARGIN = 3
"""Columns of a terminal that stay free: it prints ^C behind the last line, which must not become two."""
_LEAST_NAMES = 20
"""Least columns for workload and runner; in a narrower terminal, the time left is left out."""


@contextmanager
def progress(color: str, *, shown: bool = True) -> Iterator[Callable[[ListenerEvent], None]]:
    """Show the progress on standard error: a table on a terminal, otherwise lines; yields the listener of events."""
    if not shown:
        yield lambda _: None
        return
    console = console_of(sys.stderr, color)
    if not (sys.stderr.isatty() and console.is_interactive):
        yield ProgressLines().show
        return
    table = ProgressTable(console)
    try:
        yield table.show
    finally:
        table.close()


class ProgressLines:
    """Prints the progress as lines: none in the first 10 seconds, then at most one in 10 seconds and in each round."""

    def __init__(self, tell: Callable[[str], None] = say, clock: AwakeClock = AWAKE) -> None:
        """Begin without lines.

        Args:
            tell: called with each line.
            clock: the clock that decides when a line is due.
        """
        self._tell = tell
        self._clock = clock
        self._due = clock.now() + _LINE_SECONDS
        self._place = ("", "")
        self._record: RunRecord | None = None

    def show(self, event: ListenerEvent) -> None:
        """Take note of an event, and print a line if one is due."""
        if isinstance(event, RunRecord):
            self._record = event
        elif isinstance(event, Step):
            place = (event.workload, event.label)
            if place != self._place and self._clock.now() >= self._due:
                self._place = place
                self._due = self._clock.now() + _LINE_SECONDS
                table = _current(self._record, event)
                self._tell(f"{event.workload}: {event.label}{_runners(event, table)}{_time_left(event)}")


class ProgressTable:
    """Draws the progress on a terminal: what is being done, and below it the table so far.

    It starts no thread: it is drawn only when an event arrives. The cursor stays visible, since the command may be
    suspended or killed at any time. What other code prints on standard error appears above.
    """

    def __init__(self, console: Console, clock: AwakeClock = AWAKE) -> None:
        """Begin without drawing.

        Args:
            console: the console of the terminal.
            clock: the clock that limits how often a table is analysed, and knows of suspensions.
        """
        self._console = console
        self._clock = clock
        self._live: Live | None = None
        self._lost = clock.lost
        self._step: Step | None = None
        self._rows: Sequence[LiveRow] = ()
        self._analysis_due = -inf
        self._table: SegmentLines | None = None
        self._size: ConsoleDimensions | None = None

    def show(self, event: ListenerEvent) -> None:
        """Take note of an event, and draw; the next execution begins when this returns."""
        if isinstance(event, Step):
            if self._step is None or event.workload != self._step.workload:
                self._replace_rows(())
            self._step = event
            self._draw(event)
        elif isinstance(event, RunRecord) and self._step is not None and self._analyse(event, self._step):
            self._draw(self._step)

    def close(self) -> None:
        """Erase everything, unless the cursor may have been moved by others."""
        if self._live is None:
            return
        if self._clock.lost != self._lost or not _in_foreground(self._console.file):
            self._forget()
            return
        with telling():
            self._live.stop()
        self._live = None

    def _analyse(self, record: RunRecord, step: Step) -> bool:
        """Analyse the table of the current workload if that is due; returns whether it was."""
        table = _current(record, step)
        if table is None or (table.rounds and self._clock.now() < self._analysis_due):
            return False
        self._replace_rows(live_rows(table) if table.rounds else ())
        if table.rounds:
            self._analysis_due = self._clock.now() + _TABLE_SECONDS
        return True

    def _replace_rows(self, rows: Sequence[LiveRow]) -> None:
        self._rows, self._size = rows, None

    def _draw(self, step: Step) -> None:
        """Draw over the previous drawing; after a suspension below it, and in the background nothing."""
        foreground = _in_foreground(self._console.file)
        if self._clock.lost != self._lost or not foreground:
            self._forget()
        if foreground:
            with telling():
                self._started().update(self._renderable(step), refresh=True)

    def _started(self) -> Live:
        """The live display; if there is none, one that begins at the cursor."""
        if self._live is None:
            self._lost = self._clock.lost
            self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)
            with self._console:  # one write
                self._live.start()
                self._console.show_cursor()
        return self._live

    def _forget(self) -> None:
        """Leave the drawing as it is: others have used the terminal, and the cursor is not where it was."""
        if self._live is not None:
            self._console.quiet = True
            self._live.stop()
            self._console.quiet = False
        self._live, self._lost = None, self._clock.lost

    def _renderable(self, step: Step) -> RenderableType:
        """The line, and below it the table, which is laid out only if its rows or the terminal's size have changed."""
        console, size = self._console, self._console.size
        width = max(1, size.width - _MARGIN)
        if self._size != size:
            table = live_table(self._rows, console, width)
            lines = [] if table is None else console.render_lines(Constrain(table, width), pad=False)
            self._table, self._size = SegmentLines(lines, new_lines=True) if lines else None, size
        text = encodable(_line(step, width), console.encoding)
        line = Constrain(Text(text, "bold", no_wrap=True, overflow="crop"), width)
        return line if self._table is None else Group(line, self._table)


def _line(step: Step, width: int) -> str:
    """What is being done, cut so that the time left fits as well."""
    text, left = visible(f"{step.workload}, {step.label}: {step.shown or step.cell}"), _time_left(step)
    room = width - len(left)
    return f"{text[:room]}{left}" if room >= _LEAST_NAMES else text


def _runners(step: Step, table: Table | None) -> str:
    """The number of runners that are still measured; empty outside of rounds, and before the end of the first."""
    if table is None or step.round is None or step.round < 2:  # before, the table may be that of a look
        return ""
    measured = sum(bool(cell.samples) for cell in table.cells)
    return f", {len(running_cells(table))} of {measured} runners still measured"


def _time_left(step: Step) -> str:
    """The text for the time left, such as `, about 12 s left`; empty without an estimate."""
    seconds = step.seconds_left
    if seconds is None:
        return ""
    return f", about {seconds:.0f} s left" if seconds < 120 else f", about {seconds / 60:.0f} min left"


def _current(record: RunRecord | None, step: Step) -> Table | None:
    """The table of the workload that is being measured; None before its first rounds."""
    tables = record.tables if record else []
    return next((table for table in tables if table.workload == step.workload), None)


def _in_foreground(stream: IO[str]) -> bool:
    """Whether the terminal may be drawn on: while the command runs in the background, others use it."""
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except (AttributeError, OSError):  # it does not control this process, or the system has no such thing
        return True
