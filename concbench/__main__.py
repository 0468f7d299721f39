"""`python -m concbench` is the command `concbench`."""

import sys

from concbench.harness.interruption import INTERRUPTION


def main() -> int:
    """Run the command line, ready to be interrupted before anything else is imported."""
    INTERRUPTION.handle()
    from concbench.cli.main import main as command

    return command()


if __name__ == "__main__":
    sys.exit(main())
