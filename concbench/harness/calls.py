"""The count of calls of the function against the limit (`--max-calls`), in executions of all its items."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class CallCounter:
    """Counts the executions of one measurement against the calls that are allowed."""

    tasks: int
    """Calls in one execution."""
    max_calls: int | None
    """Calls that are allowed; None: any number."""
    executions: int = 0
    """Executions made or in progress."""

    def count(self, executions: int = 1) -> None:
        """Count executions that are about to be made."""
        self.executions += executions

    def allows(self, executions: int) -> bool:
        """Whether so many more executions are allowed."""
        return self.max_calls is None or (self.executions + executions) * self.tasks <= self.max_calls

    def remaining(self) -> int | None:
        """Executions that are still allowed; None: any number."""
        return None if self.max_calls is None else self.max_calls // self.tasks - self.executions
