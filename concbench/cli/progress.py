"""A progress bar on standard error, redrawn between executions and never during one."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from concbench.cli.console import console_of
from concbench.cli.output import telling
from concbench.harness.events import Step
from concbench.report.visible import visible


class ProgressBar:
    """A progress bar, shown only if standard error is a terminal."""

    def __init__(self, color: str, *, shown: bool = True) -> None:
        self._console = console_of(sys.stderr, color)
        self._shown = shown
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._shown and sys.stderr.isatty():
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[left]}"),
                console=self._console,
                auto_refresh=False,  # no thread of ours while a sample runs
                transient=True,
            )
            with telling():
                self._progress.start()
            self._task = self._progress.add_task("preparing", total=None, left="")
        return self

    def show(self, step: Step) -> None:
        """Draw the progress; the next execution begins when this returns."""
        if self._progress is None or self._task is None:
            return
        left = "" if step.seconds_left is None else f"about {_clock(step.seconds_left)} left"
        self._progress.update(
            self._task,
            description=escape(visible(f"{step.workload}, {step.label}: {step.cell}")[:48]),
            completed=step.done,
            total=step.total,
            left=left,
        )
        with telling():
            self._progress.refresh()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._progress is not None:
            with telling():
                self._progress.stop()


def _clock(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
