"""The answer to a table, in words: which runner, how much faster, what ties with it, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import inf

from concbench.advice.clusters import cluster_findings
from concbench.advice.finding import HEADLINE, MORE, WARNING, Finding, figures_of_runners, known, rating
from concbench.advice.first_use import first_use_warning
from concbench.advice.mishaps import why_missing
from concbench.advice.rates import rate_of
from concbench.advice.rules import findings
from concbench.advice.unmeasured import more_rounds, unmeasured
from concbench.advice.variants import variant_findings
from concbench.analysis.cell_analysis import CellAnalysis
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.thresholds import FLAGGED
from concbench.analysis.time_shares import chunk_of
from concbench.stats.intervals import FEWEST
from concbench.stats.verdicts import BAND, FASTER, SAME, SLOWER, UNDECIDED
from concbench.units import few, listed, ratio, seconds, span


def answer(table: TableAnalysis) -> list[Finding]:
    """The findings of a table, the most important first."""
    statements = [
        *another_baseline(table),
        *_headline(table),
        *variant_findings(table),
        *findings(table),
        *cluster_findings(table),
    ]
    return [*statements, *_reservations(table)]


def another_baseline(table: TableAnalysis) -> list[Finding]:
    """Say why another baseline is used, if the chosen one ended early."""
    if table.chosen_baseline is None:
        return []
    how = "failed" if table.chosen_baseline.outcome.kind == "failed" else "was not measured"
    why = why_missing(table.chosen_baseline).rstrip(".")
    sentence = f"{table.chosen_baseline.name} {how} ({why}): compared with {table.baseline.name} instead."
    return [Finding(sentence, role=WARNING)]


def _reservations(table: TableAnalysis) -> list[Finding]:
    """Reservations about the answer: first use, failed tasks, load of other processes."""
    warnings = [*first_use_warning(table), *failures(table)]
    if table.other_load is not None and table.other_load > FLAGGED:
        sentence = f"Other processes used {table.other_load:.2f} cores meanwhile: measure again without them"
        warnings.append(
            Finding(
                f"{sentence} before you act on this.",
                {"cores_of_others": table.other_load},
                brief=f"{sentence}.",
                role=WARNING,
            )
        )
    return warnings


def failures(table: TableAnalysis) -> list[Finding]:
    """Say that tasks failed or were retried, if any were, since the times include that."""
    if not any(cell.mishaps for cell in table):
        return []
    sentence = "Some tasks failed or were retried; the times include that."
    return [Finding(sentence, role=WARNING)]


def _headline(table: TableAnalysis) -> list[Finding]:
    others = [cell for cell in table.measured if cell is not table.baseline]
    if table.baseline.seconds is None:
        return [Finding(_no_baseline(table.baseline), role=HEADLINE)]
    if not others:
        missing = unmeasured(table)
        why = f"; {missing}" if missing else ""
        took = seconds(table.baseline.seconds)
        return [
            Finding(
                f"Only {table.baseline.name} has times ({took}): there is nothing to compare{why}.",
                {"seconds": table.baseline.seconds},
                role=HEADLINE,
            )
        ]
    if all(cell.interval is None for cell in others):
        return [replace(_too_few_rounds(table), role=HEADLINE)]
    faster = [cell for cell in others if cell.verdict == FASTER]
    undecided_cells = [cell for cell in others if cell.verdict == UNDECIDED]
    conclusions = _winner(table) if faster else [_no_winner(table, others)]
    open_cells = [cell for cell in undecided_cells if not (cell.far_behind or cell.close)]
    close = [cell for cell in undecided_cells if cell.close]
    far_behind = [cell for cell in undecided_cells if cell.far_behind and not cell.close]
    return [
        *conclusions,
        *undecided(table, open_cells),
        *_bounded(close, f"within 10 % of {table.baseline.name}"),
        *_bounded(far_behind, "less than half as fast as the fastest"),
    ]


def _no_baseline(baseline: CellAnalysis) -> str:
    """Say that nothing can be compared, and how the baseline ended."""
    rounds, why = baseline.rounds, why_missing(baseline).rstrip(".")
    if not rounds:
        return f"No answer: {baseline.name} has no times to compare with ({why})."
    how = "failed" if baseline.outcome.kind == "failed" else "ended"
    return f"No answer: there is nothing to compare with, since {baseline.name} {how} after {_rounds(rounds)} ({why})."


def _rounds(count: int) -> str:
    return f"{count} round{'' if count == 1 else 's'}"


def _winner(table: TableAnalysis) -> list[Finding]:
    """Advise only a cell that is proved to be faster; a cell that may be as fast is reported as undecided."""
    proved = [cell for cell in table.measured if cell.verdict == FASTER]
    group = [cell for cell in table.measured if cell.in_fastest_group and cell is not table.baseline]
    best = max([cell for cell in proved if cell in group] or proved, key=lambda cell: cell.speedup or 0.0)
    fastest = table.fastest
    first = fastest if fastest and fastest in proved and fastest in group else best
    rate = f"{rate_of(first)} as fast as {table.baseline.name}"
    ties = simplest(table, (cell for cell in group if cell in proved))
    if group == [first]:
        return [Finding(f"{first.name} was fastest: {rate}.", rating(first), role=HEADLINE)]
    if len(ties) <= 1:
        return [Finding(f"{first.name} was proved to be faster: {rate}.", rating(first), role=HEADLINE)]
    return [_tie(table, first, ties)]


def _tie(table: TableAnalysis, first: CellAnalysis, ties: list[CellAnalysis]) -> Finding:
    """Advise the simplest of the cells that are tied with the fastest and typically within 5 % of it.

    Args:
        table: the table.
        first: the fastest cell.
        ties: the cells that are tied with it, itself included, the simplest first.
    """
    chosen = next(cell for cell in ties if cell is first or (cell.speedup or 0.0) * BAND >= (first.speedup or 0.0))
    names = [cell.name for cell in ties]
    within = "" if chosen is ties[0] else " within 5 %"
    rate = f"{rate_of(chosen)} as fast as {table.baseline.name}"
    take = f"are statistically tied: take the simplest{within}, {chosen.name} ({rate})"
    return Finding(f"{listed(names)} {take}.", rating(chosen), brief=f"{few(names)} {take}.", role=HEADLINE)


def _no_winner(table: TableAnalysis, others: list[CellAnalysis]) -> Finding:
    missing, name = unmeasured(table), table.baseline.name
    undecided_cells = [cell for cell in others if cell.verdict == UNDECIDED]
    if any(not cell.close for cell in undecided_cells):
        but = f"; {missing}" if missing else ""
        return Finding(f"Nothing was proved to be faster than {name}{but}.", role=HEADLINE)
    same = [cell.name for cell in others if cell.verdict == SAME]
    slower = [cell.name for cell in others if cell.verdict == SLOWER]
    close = [cell.name for cell in undecided_cells]
    parts = [f"{listed(same)} the same within 5 %"] if same else []
    parts += [f"{listed(slower)} slower"] if slower else []
    parts += [f"{listed(close)} within 10 %"] if close else []
    faster = "more than 10 % faster" if any((cell.high or 0.0) > BAND for cell in undecided_cells) else "faster"
    outcomes = "; ".join(parts)
    if missing:
        nothing = f"Nothing that was measured was {faster} than {name}"
        return Finding(f"{nothing} ({outcomes}); {missing}.", brief=f"{nothing}; {missing}.", role=HEADLINE)
    nothing, leave = f"Nothing was {faster} than {name}", "leave it as it is"
    return Finding(f"{nothing} ({outcomes}): {leave}.", brief=f"{nothing}: {leave}.", role=HEADLINE)


def undecided(table: TableAnalysis, cells: list[CellAnalysis]) -> list[Finding]:
    """Name the undecided cells, if there are any, and what would settle them."""
    parts = [f"{cell.name} [{span(cell.interval.low, cell.interval.high)}]" for cell in cells if cell.interval]
    if not parts:
        return []
    names = [cell.name for cell in cells if cell.interval]
    trending = [cell.name for cell in cells if cell.trends]
    trends = f" The ratios of {listed(trending)} still trend from round to round." if trending else ""
    more = more_rounds(table)
    return [
        Finding(
            f"Undecided: {', '.join(parts)}.{trends} More rounds ({more}) or a quieter machine would settle it.",
            figures_of_runners("low", {cell.name: cell.low for cell in cells})
            | figures_of_runners("high", {cell.name: cell.high for cell in cells}),
            brief=f"Undecided: {few(names)}; more rounds ({more}) may settle it.",
            role=WARNING,
        )
    ]


def _bounded(cells: list[CellAnalysis], how: str) -> list[Finding]:
    """Name cells without a verdict, if there are any, of which enough is known: more rounds would change no choice."""
    parts = [f"{cell.name} [{span(cell.interval.low, cell.interval.high)}]" for cell in cells if cell.interval]
    if not parts:
        return []
    figures = figures_of_runners("low", {cell.name: cell.low for cell in cells})
    figures |= figures_of_runners("high", {cell.name: cell.high for cell in cells})
    return [Finding(f"Undecided, but {how}: {', '.join(parts)}.", figures, role=MORE)]


def _too_few_rounds(table: TableAnalysis) -> Finding:
    """Name the fastest cell so far, and the reason that it has no verdict."""
    least = min(table.measured, key=lambda cell: cell.seconds or 0.0)
    rounds = max(cell.rounds for cell in table.measured)
    speedup = None
    if least is table.baseline:
        first = f"Nothing took less time than {least.name} in {_rounds(rounds)}"
    else:
        first = f"{least.name} took the least time in {_rounds(least.rounds)}"
        if least.speedup is not None and least.speedup > 1:
            speedup = least.speedup
            first += f": {ratio(speedup)} as fast as {table.baseline.name}"
    if rounds < FEWEST:
        return Finding(f"{first}. A verdict needs at least {FEWEST} rounds.", known(speedup=speedup))
    shared_rounds = max(cell.shared_rounds for cell in table.measured if cell is not table.baseline)
    return Finding(
        f"{first}. A verdict needs at least {FEWEST} rounds shared with {table.baseline.name}; no runner shares more "
        f"than {shared_rounds}.",
        known(speedup=speedup, shared_rounds=shared_rounds),
    )


def simplest(table: TableAnalysis, cells: Iterable[CellAnalysis]) -> list[CellAnalysis]:
    """Sort the simplest first; a cell under another variant than the baseline's is less simple than any runner."""
    return sorted(cells, key=lambda cell: (cell.variant != table.baseline.variant, simplicity(cell)))


def simplicity(cell: CellAnalysis) -> tuple[float, int, int]:
    """Sort key: the simplest runner first; of one runner, the fewest workers and the smallest chunks first."""
    simplicity = cell.traits.simplicity
    return inf if simplicity is None else simplicity, cell.workers, chunk_of(cell.record)
