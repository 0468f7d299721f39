"""`python -m concbench` is the command `concbench`."""

import sys

from concbench.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
