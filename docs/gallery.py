"""Measure the cases of the gallery again, and write docs/gallery.md with its pictures.

    python docs/gallery.py             all cases; about two minutes, on a machine that does nothing else
    python docs/gallery.py fetch       only these; the others stay as they are

The functions are in docs/gallery/typical_cases.py. A picture has figures of the HTML page, as an image of its own.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "gallery"))

import typical_cases  # noqa: E402

from concbench import Run, measure  # noqa: E402
from concbench.analysis.time_shares import PARTS  # noqa: E402
from concbench.report.page.figures import colour, curves, forest, stacked  # noqa: E402
from concbench.report.page.parts import curves_of, forest_rows, shares_of  # noqa: E402
from concbench.report.page.style import STYLE  # noqa: E402
from concbench.report.page.svg import box, element, words  # noqa: E402

PAGE, PICTURES = HERE / "gallery.md", HERE / "gallery"
WIDTH = 720
"""Pixels of a picture."""
_COLUMNS, _ROW = 4, 20
_HEAD = """# Gallery

Eight typical cases. Each has its function, the answer, and a picture: the speed-up of every runner with its confidence
interval (the fastest group is shaded, the hollow circle is the baseline), and where the workers' time went.
`concbench run MODULE:FUNCTION --items ITEMS --html FILE` draws [such a page](howto/page.md) of a function of yours.

The figures are those of a virtual machine with two cores. Yours will differ. `python docs/gallery.py` measures them
again.
"""


@dataclass(frozen=True)
class Case:
    """A case: its function in typical_cases.py, the items, and the runners."""

    title: str
    function: Callable[[Any], Any]
    items: Sequence[Any]
    items_text: str
    runners: tuple[str, ...] = ("sequential", "threads", "thread-pool:8", "process-pool:2")

    @property
    def name(self) -> str:
        """The name of the function, and of the picture."""
        return self.function.__name__


CASES = (
    Case(
        "Waiting", typical_cases.fetch, range(24), "range(24)",
        ("sequential", "batched-threads:10", "thread-pool:2", "thread-pool:6", "thread-pool:24", "process-pool:2"),
    ),
    Case("Computing in Python", typical_cases.count_primes, [60_000] * 8, "[60_000] * 8"),
    Case("Computing in C, without the GIL", typical_cases.fingerprint, range(8), "range(8)"),
    Case(
        "Tiny tasks", typical_cases.add, range(20_000), "range(20_000)",
        ("sequential", "thread-pool:2", "process-pool:2", "process-pool:2,chunksize=1000"),
    ),
    Case("One long task, last", typical_cases.convert, [0.01] * 24 + [0.2], "[0.01] * 24 + [0.2]"),
    Case(
        "Large items", typical_cases.longest_word, [["word" * 3] * 300_000] * 6, '[["word" * 3] * 300_000] * 6',
        ("sequential", "thread-pool:2", "process-pool:2"),
    ),
    Case("One lock around everything", typical_cases.save, range(24), "range(24)"),
    Case("Not thread-safe", typical_cases.greet, range(24), "range(24)"),
)  # fmt: skip


def main() -> None:
    """Measure the cases that were named, or all, and write the page."""
    PICTURES.mkdir(exist_ok=True)
    old = sections(PAGE.read_text("utf-8")) if PAGE.exists() else {}
    parts = [_HEAD]
    for case in CASES:
        if sys.argv[1:] and case.name not in sys.argv[1:]:
            parts.append(old[case.title])
            continue
        run = measure(case.function, items=case.items, runners=list(case.runners), budget=10.0, seed=1)
        (PICTURES / f"{case.name}.svg").write_text(picture(run), "utf-8")
        parts.append(section(case, run))
    PAGE.write_text("\n".join(parts), "utf-8")


def sections(page: str) -> dict[str, str]:
    """The sections of the page, by their titles."""
    found = re.split(r"^(?=## )", page, flags=re.MULTILINE)[1:]
    return {text.partition("\n")[0].removeprefix("## "): f"{text.rstrip()}\n" for text in found}


def section(case: Case, run: Run) -> str:
    """The section of a case: function, picture, answer."""
    source = inspect.getsource(case.function)
    answer = run.document().answers[0].findings[:2]
    quoted = "\n>\n".join(f"> {finding}" for finding in answer)
    return (
        f"## {case.title}\n\n```python\n{source}```\n\n"
        f"Over the items `{case.items_text}`, concbench answers:\n\n{quoted}\n\n"
        f"![Speed-ups of the runners, and where their workers' time went]({PICTURES.name}/{case.name}.svg)\n"
    )


def picture(run: Run) -> str:
    """The figures of the table of a run, one below the other, as an SVG image."""
    (table,) = run.analyses
    figures = [forest("speedups", "Speed-ups", forest_rows(table))] if forest_rows(table) else []
    if lines := curves_of(table):
        figures.append(curves("workers", "Speed-up over workers", lines, ideal=table.baseline.works_singly))
    if shares := shares_of(table):
        used = [part for part in PARTS if any(row[part] >= 0.005 for _, _, row in shares)]
        figures += [stacked("shares", "Where the workers' time went", shares), key(used)]
    top, placed = 0.0, []
    for figure in figures:
        placed.append(figure.replace("<svg ", f'<svg y="{top:g}" ', 1))
        top += height_of(figure) + 12
    return element(
        "svg", "".join([element("style", STYLE), *placed]), xmlns="http://www.w3.org/2000/svg", css="concbench",
        width=WIDTH, height=top,
    )  # fmt: skip


def key(parts: Sequence[str]) -> str:
    """The colours of the parts, in rows."""
    drawn = []
    for place, part in enumerate(parts):
        row, column = divmod(place, _COLUMNS)
        x = 100 / _COLUMNS * column
        drawn += [
            box(x, row * _ROW + 2, 1.7, 12, f"{colour(PARTS.index(part))} part"),
            words(x + 2.5, row * _ROW + 12, part),
        ]
    return element("svg", "".join(drawn), width="100%", height=_ROW * -(-len(parts) // _COLUMNS))


def height_of(figure: str) -> float:
    """Pixels of a figure."""
    found = re.search(r'^<svg[^>]* height="([\d.]+)"', figure)
    assert found, figure[:200]
    return float(found[1])


if __name__ == "__main__":
    main()
