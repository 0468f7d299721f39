"""Run the commands of the documentation again, and write what they print under them.

    python docs/outputs.py             all pages; takes some minutes, on a machine that does nothing else
    python docs/outputs.py tutorial    the pages with this in their path

A command is the first line of a block of the kind `console`, after a dollar sign.
"""

import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMAND = re.compile(r"^```console\n\$ ([^\n]*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def refreshed(page: str, run: Callable[[str], str]) -> str:
    """The text of a page with the output of every command as it is now."""
    return COMMAND.sub(lambda block: f"```console\n$ {block[1]}\n{run(block[1])}```", page)


def output_of(command: str) -> str:
    """What a command of ours prints, run in an empty directory."""
    program, *arguments = shlex.split(command)
    assert program == "concbench", f"only concbench is run, not {command!r}"
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            [sys.executable, "-m", "concbench", *arguments],
            cwd=directory, stdout=subprocess.PIPE, encoding="utf-8", check=True,
        )  # fmt: skip
    return done.stdout


def main() -> None:
    """Refresh the pages that were asked for."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        if all(part in str(page.relative_to(ROOT)) for part in sys.argv[1:]):
            text = page.read_text("utf-8")
            page.write_text(refreshed(text, output_of), "utf-8")


if __name__ == "__main__":
    main()
