"""`python -m concbench` is the command `concbench`."""

import os
import sys


def _leave_current_directory() -> None:
    """Remove the current directory from the path, where Python puts it first, so that no user file is imported instead.

    Functions of the user are still found in it.
    """
    try:
        here = os.getcwd()  # noqa: PTH109 - pathlib would be imported from there
    except OSError:  # it was removed, which the command line reports
        return
    if not sys.flags.safe_path and sys.path[0] == here:
        ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - as above
        sys.path[:] = [*sys.path[1:], *([] if ours in sys.path[1:] else [ours])]


if __name__ == "__main__":
    _leave_current_directory()

from concbench.harness.interruption import INTERRUPTION  # noqa: E402 - the path comes first


def main() -> int:
    """Run the command line; signals are handled before anything else is imported."""
    INTERRUPTION.handle()
    from concbench.cli.main import main as command

    return command()


if __name__ == "__main__":
    sys.exit(main())
