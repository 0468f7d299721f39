"""What was installed from the wheel: it is what the other tests test, it is whole, and it holds nothing else."""

import re
import subprocess
import sys
import sysconfig
from importlib.metadata import distribution
from pathlib import Path

import concbench

CLONE = Path(__file__).parents[1]
INSTALLED = distribution("concbench")


def test_the_installed_package_is_tested() -> None:
    """Here and in the processes that tests start."""
    expected = Path(sysconfig.get_path("purelib"), "concbench", "__init__.py")
    code = "import concbench; print(concbench.__file__)"
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert Path(concbench.__file__) == Path(started.stdout.strip()) == expected


def test_everything_of_the_package_is_installed_and_nothing_else() -> None:
    """As git has it: modules and py.typed, no tests; beside them the description of the package, and the command."""
    files = {file.as_posix() for file in INSTALLED.files or [] if file.suffix != ".pyc"}
    listed = subprocess.run(["git", "-C", CLONE, "ls-files", "concbench"], capture_output=True, text=True, check=True)
    others = files - set(listed.stdout.split())
    assert files - others == set(listed.stdout.split())
    assert "concbench/py.typed" in files
    assert [file for file in others if not re.match(r"concbench-[\w.]+\.dist-info/|(\.\./)+bin/concbench$", file)] == []


def test_the_version_is_that_of_the_code() -> None:
    """The package, the module and the command say the same."""
    command = Path(sysconfig.get_path("scripts"), "concbench")
    said = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
    assert INSTALLED.version == concbench.__version__ == said.split()[-1]


def test_the_description_has_no_link_that_only_works_in_the_clone() -> None:
    """An index shows README.md without the files beside it."""
    links = re.findall(r"\]\(([^)\s]+)\)", INSTALLED.read_text("METADATA") or "")
    assert links
    assert [link for link in links if not link.startswith("https://")] == []
