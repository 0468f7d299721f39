"""`python -m concbench` is the command `concbench`."""

import os
import sys


def _leave_current_directory() -> None:
    """Take it off the path, where Python puts it first: a random.py of the user's is not for us to import.

    A function is found in it all the same.
    """
    try:
        here = os.getcwd()  # noqa: PTH109 - pathlib would be imported from there
    except OSError:  # it was removed, which the command line says
        return
    if not sys.flags.safe_path and sys.path[0] == here:
        ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - as above
        sys.path[:] = [*sys.path[1:], *([] if ours in sys.path[1:] else [ours])]


if __name__ == "__main__":
    _leave_current_directory()

from concbench.harness.interruption import INTERRUPTION  # noqa: E402 - the path comes first


def main() -> int:
    """Run the command line, ready to be interrupted before anything else is imported."""
    INTERRUPTION.handle()
    from concbench.cli.main import main as command

    return command()


if __name__ == "__main__":
    sys.exit(main())
