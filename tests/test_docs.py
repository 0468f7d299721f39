"""The documentation: its programs run and print what it says, its links lead somewhere, its lists are complete.

Every block of Python in README.md and docs/ is run, those of a page one after the other in one namespace, in a
directory that holds the files of docs/examples and nothing else. A comment right before a block changes that:

    <!-- not run: REASON -->         before Python: shown only
    <!-- file: examples/NAME.py -->  before Python: the block is this file of docs/, which is run as a script
    <!-- prints -->                  before text: what the Python before it prints, exactly
    <!-- fails with -->              before text: the file before it fails, and says each of these lines
    <!-- says -->                    before text: the file before it says each of these lines, figures apart
    <!-- says, alone -->             the same, if nothing else computes meanwhile: the test is `measured`
"""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

from concbench import registry
from concbench.cli.commands import COMMANDS
from concbench.cli.main import main
from concbench.harness.machine.environment import environment
from concbench.harness.planning.runner_specs import default_runners, defaults_of
from concbench.report import columns
from concbench.results import records

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
EXAMPLES = [*sorted((DOCS / "examples").glob("*.py")), *sorted((DOCS / "pitfalls").glob("*.py"))]
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
ALONE = "says, alone"
SIGNS = ("not run", "file", "prints", "fails with", "says", ALONE)
PLUG_IN = [] if entry_points(group="pytest11", name="concbench") else ["-p", "concbench.pytest_plugin"]
"""Options for pytest, which finds the plug-in by itself if concbench is installed."""
END = "\x1e"
"""Printed after each block of a page, to separate their outputs."""
EXECUTE = "import sys; exec(compile(open(sys.argv[1], encoding='utf-8').read(), sys.argv[2], 'exec'))"
"""Runs a page's blocks as `__main__`, without a file that worker processes would load."""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    text: str
    line: int
    """Number of its first line; the first line of the page is 0."""
    sign: str
    """The comment right before it, up to the colon."""
    argument: str
    """The comment after the colon."""

    @property
    def is_run(self) -> bool:
        return self.language == "python" and self.sign not in {"not run", "file"}


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks; a page whose fences do not pair fails here."""
    blocks, comment, opened = [], "", None
    lines = page.read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        if opened is not None:
            if line == "```":
                language, sign, first = opened
                kind, _, argument = sign.partition(":")
                text = "".join(f"{part}\n" for part in lines[first:number])
                blocks.append(Block(language, text, first, kind.strip(), argument.strip()))
                opened = None
        elif line.startswith("```"):
            opened, comment = (line[3:].strip(), comment, number + 1), ""
        elif line.strip():
            signed = re.fullmatch(r"<!-- (.*) -->", line.strip())
            comment = signed[1] if signed else ""
    assert opened is None, f"{page}: the block at line {opened[2]} is not closed"
    return blocks


@dataclass(frozen=True)
class Program:
    """A program that a test of this file runs: the blocks of a page, or a file that a page shows."""

    page: Path
    file: Path | None = None

    def run(self, place: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run it in a directory with the examples, with warnings as errors, and with a cache of its own."""
        directory = place / "examples"
        directory.mkdir()
        for example in EXAMPLES:
            shutil.copy(example, directory)
        return subprocess.run(
            [sys.executable, "-W", "error", *self._arguments(place)],
            cwd=directory, capture_output=True, encoding="utf-8", timeout=100, check=False,
            env=environment | dict.fromkeys(("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"), str(place / "cache")),
        )  # fmt: skip

    def _arguments(self, place: Path) -> list[str]:
        if self.file is None:
            code = place / "page.py"
            code.write_text(code_of(self.page), "utf-8")
            return ["-c", EXECUTE, str(code), name_of(self.page)]
        if self.file.name.startswith("test_"):
            return [
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "-p",
                "no:asyncio",
                "--basetemp=pytest",
                *PLUG_IN,
                self.file.name,
            ]
        return [self.file.name]


def code_of(page: Path) -> str:
    """The blocks of a page at their lines, so that line numbers of a traceback are those of the page."""
    lines = [""] * len(page.read_text("utf-8").splitlines())
    for block in blocks_of(page):
        if block.is_run:
            text = block.text.splitlines()
            lines[block.line : block.line + len(text)] = text
            lines[block.line + len(text)] = f"print({END!r}, flush=True)"
    return "\n".join(lines)


Ended = Callable[[Program], subprocess.CompletedProcess[str]]
"""Runs a program, and returns how it ended."""


@pytest.fixture
def ended(tmp_path: Path) -> Ended:
    """Run without settings of a person's terminal, and without those of pytest for the processes of tests."""
    unwanted = re.compile("NO_COLOR|FORCE_COLOR|COLUMNS|PYTEST_.*")
    environment = {name: value for name, value in os.environ.items() if not unwanted.fullmatch(name)}
    return lambda program: program.run(tmp_path, environment)


PAGES_THAT_RUN = [Program(page) for page in PAGES if any(block.is_run for block in blocks_of(page))]


@pytest.mark.parametrize("program", PAGES_THAT_RUN, ids=lambda program: name_of(program.page))
def test_the_programs_of_a_page_run_and_print_what_it_says(program: Program, ended: Ended) -> None:
    """Each block prints the text below it on its page."""
    done = ended(program)
    assert done.returncode == 0, done.stderr
    blocks = blocks_of(program.page)
    running = [block for block in blocks if block.is_run]
    printed = dict(zip((block.line for block in running), done.stdout.split(f"{END}\n"), strict=False))
    for before, block in pairwise(blocks):
        if block.sign == "prints" and before.line in printed:
            assert printed[before.line] == block.text


def without_figures(text: str) -> str:
    """The text as one line, with every number and its unit of time or data replaced."""
    return re.sub(r"\d[\d,.]*\d( (ns|us|ms|s|kB|MB|GB|bytes)\b)?|\d( (ns|us|ms|s)\b)?", "N", " ".join(text.split()))


FILES = [
    pytest.param(
        Program(page, DOCS / block.argument),
        number,
        block,
        id=f"{name_of(page)}-{block.argument}",
        marks=[pytest.mark.measured for after in blocks_of(page)[number + 1 : number + 2] if after.sign == ALONE],
    )
    for page in PAGES
    for number, block in enumerate(blocks_of(page))
    if block.sign == "file"
]


@pytest.mark.parametrize(("program", "number", "block"), FILES)
def test_a_file_that_a_page_shows_does_what_the_page_says(
    program: Program, number: int, block: Block, ended: Ended
) -> None:
    """It is shown unchanged and run; it fails only if the page says so."""
    assert block.text == (DOCS / block.argument).read_text("utf-8")
    done = ended(program)
    after = blocks_of(program.page)[number + 1 : number + 2]
    if after and after[0].sign == "fails with":
        assert done.returncode != 0
        assert [line for line in after[0].text.splitlines() if line not in done.stderr] == []
        return
    assert done.returncode == 0, done.stderr
    if after and after[0].sign == "prints":
        assert done.stdout == after[0].text
    if after and after[0].sign in {"says", ALONE}:
        said = without_figures(done.stdout)
        assert [line for line in after[0].text.splitlines() if without_figures(line) not in said] == [], done.stdout


def test_every_example_is_shown_on_a_page() -> None:
    """None is left behind when a page is rewritten."""
    shown = {block.argument for page in PAGES for block in blocks_of(page) if block.sign == "file"}
    assert {str(file.relative_to(DOCS)) for file in EXAMPLES} == shown


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_comments_that_steer_this_are_understood(page: Path) -> None:
    """A misspelt one would silently change what is run, and one without a reason explains too little."""
    for block in blocks_of(page):
        assert block.sign in {"", *SIGNS}, f"line {block.line}: {block.sign!r}"
        assert bool(block.argument) == (block.sign in {"not run", "file"}), f"line {block.line}"


def test_refreshing_a_page_replaces_the_outputs_of_its_commands_and_nothing_else() -> None:
    """The program is docs/outputs.py; an empty output is filled."""
    page = "a\n```console\n$ concbench one\nold\n```\n```console\n$ concbench two\n```\n```text\n$ x\n```\n"
    refreshed = runpy.run_path(str(DOCS / "outputs.py"))["refreshed"](page, lambda command: f"new of {command}\n")
    assert refreshed == page.replace("old", "new of concbench one").replace("two\n", "two\nnew of concbench two\n")


def prose_of(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors_of(page: Path) -> set[str]:
    """The headings of a page as anchors of the site."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), flags=re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings)
    return {re.sub(r"[-\s]+", "-", heading) for heading in plain}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name_of)
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    """They lead to a file that exists and, if they name one, to a heading of it."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            broken.append(target)
    assert broken == []


def test_every_page_is_in_the_navigation() -> None:
    """A page that is not in the navigation is not found."""
    navigation = (ROOT / ".mkdocs.yml").read_text("utf-8").partition("\nnav:")[2]
    assert sorted(re.findall(r"\S+\.md$", navigation, flags=re.MULTILINE)) == sorted(
        page.relative_to(DOCS).as_posix() for page in PAGES[1:]
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_the_reference_has_the_options_of_a_command_and_no_others(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command has a section, and its options are those that --help lists."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    offered = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", capsys.readouterr().out.partition("\noptions:")[2]))
    reference = (DOCS / "reference" / "cli.md").read_text("utf-8")
    section = re.search(rf"^## `concbench {command}`$(.*?)(?=^## |\Z)", reference, flags=re.MULTILINE | re.DOTALL)
    assert section is not None
    first_cells = "\n".join(re.findall(r"^\|([^|]*)\|", section[1], flags=re.MULTILINE))
    assert set(re.findall(r"`(--?[a-z][a-z-]*)", first_cells)) == offered - {"-h", "--help"}


@pytest.mark.parametrize("name", registry.RUNNERS)
def test_the_reference_has_every_runner_with_its_settings(name: str) -> None:
    """They are those of `concbench list`."""
    if name in registry.EXTRAS:
        pytest.importorskip(registry.EXTRAS[name])
    reference = (DOCS / "reference" / "cli.md").read_text("utf-8")
    row = re.search(rf"^\| `{name}` .*$", reference, flags=re.MULTILINE)
    assert row is not None
    if name in default_runners():
        assert set(re.findall(r"`([a-z_]+)`", row[0])) - {name} == set(defaults_of(registry.runner_class(name)))


def section_of(page: str, heading: str) -> str:
    """The text below a heading, up to the next heading of the same level."""
    level, text = heading.partition(" ")[0], (DOCS / page).read_text("utf-8")
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def first_cells(section: str) -> list[str]:
    """The first cells of the rows of a table, without its head."""
    rows = re.findall(r"^\|(.*?)\|", section, flags=re.MULTILINE)
    return [cell.strip().strip("`") for cell in rows[2:]]


def test_the_reference_has_every_format_and_no_others() -> None:
    """They are in the order of the registry."""
    assert first_cells(section_of("reference/cli.md", "### Formats")) == list(registry.FORMATS)


@pytest.mark.parametrize("name", registry.WORKLOADS)
def test_the_reference_has_every_workload(name: str) -> None:
    """It is in the table of sizes or below it, with its purpose."""
    assert re.search(rf"`{name}`(:| \()", section_of("reference/cli.md", "### Workloads and their sizes"))


def test_the_overview_of_the_reference_has_every_command_and_no_others() -> None:
    """They are in the first block of the page."""
    overview = (DOCS / "reference" / "cli.md").read_text("utf-8").partition("```text\n")[2].partition("```")[0]
    assert sorted(re.findall(r"^concbench ([a-z]+) ", overview, flags=re.MULTILINE)) == sorted(COMMANDS)


def test_every_column_is_explained() -> None:
    """The reading notes have them in order; those of `times` are also on the page of formats."""
    headers = [reading.column.header for reading in (*columns.ANSWER, *columns.COST[1:])]
    assert first_cells(section_of("index.md", "## How to read a table")) == headers
    page = (DOCS / "howto" / "own-format.md").read_text("utf-8")
    assert [header for header in headers if f"`{header}`" not in page] == []


def test_what_contributors_are_told_to_touch_is_there() -> None:
    """These are files, and names in the file that is named before or after them."""
    page = (DOCS / "contributing.md").read_text("utf-8")
    named = [place for place in re.findall(r"`((?:concbench|tests)/[^`]*)`", page) if not re.search("[A-Z]{2}", place)]
    assert len(named) > 20
    assert [place for place in named if not (ROOT / place).exists()] == []
    lines = re.findall(r"`(_?[A-Z]{2,})`(?: or `([A-Z]+)`)? of `(concbench/[a-z/_]+\.py)`", page)
    assert len(lines) > 5
    missing = [(name, file) for *names, file in lines for name in filter(None, names)
               if not re.search(rf"^{name}\b", (ROOT / file).read_text("utf-8"), flags=re.MULTILINE)]  # fmt: skip
    assert missing == []


RECORDS = (
    records.RunRecord, records.Table, records.Cell, records.Outcome, records.Sample, records.ObservedPass,
    records.Tasks, records.TaskSummary, records.KeptState,
)  # fmt: skip


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_the_reference_has_every_field_of_the_results(record: type) -> None:
    """Each record has a section with a row for each of its fields, in order."""
    reference = (DOCS / "reference" / "results.md").read_text("utf-8")
    section = re.search(rf"^## {record.__name__}$(.*?)(?=^## |\Z)", reference, flags=re.MULTILINE | re.DOTALL)
    assert section is not None
    rows = re.findall(r"^\| `([a-z_]+)` ", section[1], flags=re.MULTILINE)
    assert [row for row in rows if row not in {"format", "version"}] == [field.name for field in fields(record)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_the_reference_has_every_word_that_a_field_may_hold(record: type) -> None:
    """They are in the row of the field."""
    reference = (DOCS / "reference" / "results.md").read_text("utf-8")
    section = reference.partition(f"\n## {record.__name__}\n")[2].partition("\n## ")[0]
    for field, hint in get_type_hints(record).items():
        words = {word for word in get_args(hint) if word} if get_origin(hint) is Literal else set()
        row = next(line for line in section.splitlines() if line.startswith(f"| `{field}` "))
        assert words <= set(re.findall(r"`([a-z]+)`", row)), field


def test_the_reference_has_every_fact_about_the_environment() -> None:
    """The facts are the keys of the object that is recorded with each run."""
    reference = (DOCS / "reference" / "results.md").read_text("utf-8")
    section = re.search(r"^## Environment$(.*?)^## ", reference, flags=re.MULTILINE | re.DOTALL)
    assert section is not None
    first_cells = "\n".join(re.findall(r"^\|([^|]*)\|", section[1], flags=re.MULTILINE))
    assert re.findall(r"`([a-z_]+)`", first_cells) == list(environment())
