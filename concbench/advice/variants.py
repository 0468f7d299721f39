"""Findings on interpreters and other variants: the best under each, what a change gains, and where threads scale."""

from __future__ import annotations

from collections.abc import Iterable

from concbench.advice.finding import HEADLINE, WARNING, Finding, known, rating
from concbench.advice.rates import rate_of
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import Change, TableAnalysis
from concbench.analysis.thresholds import COMPUTES, MORE_THAN_ONE, WAITS
from concbench.stats.verdicts import FASTER, SAME, UNDECIDED
from concbench.units import listed, ratio, span


def variant_findings(table: TableAnalysis) -> list[Finding]:
    """The findings on variants, if there are several."""
    if not table.under:
        return []
    compares = sum(under.baseline.seconds is not None for under in table.under.values()) > 1
    rules = (_best_of_each_variant, _changes, _scaling) if compares else (_changes,)
    return [finding for rule in rules if (finding := rule(table))]


def interpreters(table: TableAnalysis) -> list[str]:
    """One sentence that names the interpreter of each variant; empty if there is only that of the run."""
    parts = []
    for label, facts in table.record.variants.items():
        cells = [cell for cell in table if cell.variant == label and cell.interpreter]
        if "python" in facts and cells:
            parts.append(f"{label} is {_interpreter_name(cells[0], facts)}")
    return [f"Interpreters: {'; '.join(parts)}."] if parts else []


def joined_names(table: TableAnalysis, cells: Iterable[CellAnalysis]) -> list[str]:
    """The names of cells that share a sentence: each runner once, with the variants to which it applies."""
    of_runner: dict[str, list[CellAnalysis]] = {}
    for cell in cells:
        of_runner.setdefault(cell.record.shown_alone, []).append(cell)
    names = []
    for name, group in of_runner.items():
        if len(group) == 1:
            names.append(group[0].name)
        else:
            everywhere = len(group) == len(table.under)
            names.append(name if everywhere else f"{name} under {listed(cell.variant for cell in group)}")
    return names


def gil_enabled_again(table: TableAnalysis) -> Finding | None:
    """Report free-threaded interpreters in which a module of the work turned the GIL on."""
    variants_by_modules: dict[str, list[str]] = {}
    for cell in table:
        names = cell.interpreter.get("gil_turned_on")
        if isinstance(names, list) and names:
            variants_by_modules.setdefault(listed(map(str, names)), []).append(cell.variant)
    if not variants_by_modules:
        return None
    parts = []
    for modules, variants in variants_by_modules.items():
        labels = [label for label in dict.fromkeys(variants) if label]
        parts.append(f"{modules} enabled it{f' under {listed(labels)}' if labels else ''}")
    again = f"The GIL was re-enabled: {'; '.join(parts)}."
    return Finding(
        f"{again} A module does that if it does not declare support for "
        "running without the GIL. Threads then run one at a time; --gil 0 keeps the GIL off, at your own risk.",
        {},
        "pitfalls/gil",
        brief=f"{again} Threads then run one at a time.",
        role=WARNING,
    )


def _interpreter_name(cell: CellAnalysis, facts: dict[str, object]) -> str:
    name = f"{cell.interpreter.get('implementation', 'Python')} {cell.interpreter.get('python', '?')}"
    if not facts.get("free_threaded"):
        return name
    return f"{name}, free-threaded, {'with' if cell.has_gil else 'without'} the GIL"


def _best_of_each_variant(table: TableAnalysis) -> Finding | None:
    """The best runner under each variant, compared with the baseline's runner under the same variant."""
    best, without_gain = {}, []
    for variant, under in table.under.items():
        proved = [cell for cell in under.measured if cell.verdict == FASTER]
        if proved:
            best[variant] = max(proved, key=lambda cell: cell.speedup or 0.0)
        elif len(under.measured) > 1 and under.baseline.seconds is not None:
            without_gain.append(variant)
    if not best:
        return None
    runner = table.baseline.record.runner
    parts = [f"{cell.name} {rate_of(cell)}" for cell in best.values()]
    nothing = f"; nothing was proved to be faster under {listed(without_gain)}" if without_gain else ""
    return Finding(
        f"Compared with {runner} under the same {_noun(table)}: {', '.join(parts)}{nothing}.",
        {f"{key} of {cell.name}": value for cell in best.values() for key, value in rating(cell).items()},
        role=HEADLINE,
    )


def _changes(table: TableAnalysis) -> Finding | None:
    """What changing only the variant gains, for the baseline's runner and the fastest runner."""
    labels = {table.baseline.label, *([table.fastest.label] if table.fastest else [])}
    changes = [change for change in table.changes if change.cell.label in labels]
    decided = [change for change in changes if change.verdict != UNDECIDED]
    if not decided:
        return None
    parts = [f"{change.cell.name} is {_rate(change)} as fast as {change.before.name}" for change in decided]
    figures = {f"change to {change.cell.name}": change.interval.centre for change in decided}
    return Finding(f"The same runner under another {_noun(table)}: {'; '.join(parts)}.", figures)


def _noun(table: TableAnalysis) -> str:
    """The noun for what differs: interpreter or variant."""
    pythons = {str(facts.get("python")) for facts in table.record.variants.values()}
    return "interpreter" if len(pythons) > 1 else "variant"


def _rate(change: Change) -> str:
    low, high = change.interval.low, change.interval.high
    same = ", the same within 5 %," if change.verdict == SAME else ""
    return f"{ratio(change.interval.centre)} [{span(low, high)}]{same}"


def _scaling(table: TableAnalysis) -> Finding | None:
    """The variants under which threads computed at the same time, and those under which they did not."""
    scaling, not_scaling = [], []
    for variant, under in table.under.items():
        threads = [cell for cell in under.measured if cell.traits.in_threads and cell.workers > 1]
        if (under.cores_of_the_work or 0.0) < COMPUTES or not threads:
            continue
        faster = [cell for cell in threads if cell.verdict == FASTER and (cell.cores or 0.0) > MORE_THAN_ONE]
        if faster:
            scaling.append(max(faster, key=lambda cell: cell.speedup or 0.0))
        elif all(cell.cores is not None and WAITS <= cell.cores < MORE_THAN_ONE for cell in threads):
            not_scaling.append((variant, any(cell.has_gil for cell in threads)))
    if not scaling:
        return None
    parts = [f"{cell.variant}: {rate_of(cell)} on {cell.cores:.1f} cores ({cell.name})" for cell in scaling]
    gil = [variant for variant, has_gil in not_scaling if has_gil]
    not_so = f" Not under {listed(gil)}, where one thread at a time holds the GIL." if gil else ""
    return Finding(
        f"Threads scale under {'; '.join(parts)}.{not_so}",
        {key: value for cell in scaling for key, value in known(**{f"cores of {cell.name}": cell.cores}).items()},
        "pitfalls/gil",
    )
