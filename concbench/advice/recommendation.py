"""The recommendation after a race: the simplest cell that is as good as the fastest, with its costs and limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from concbench.advice.answer import another_baseline, failures, simplest, undecided
from concbench.advice.break_even import not_worth_it, what_if
from concbench.advice.finding import MORE, WARNING, Finding, figures_of_runners, known, rating
from concbench.advice.first_use import first_use_warning
from concbench.advice.rates import rate_of
from concbench.advice.rules import findings
from concbench.advice.unmeasured import cannot_win, more_rounds, unmeasured
from concbench.advice.variants import variant_findings
from concbench.analysis.cell_analysis import CellAnalysis, by_round
from concbench.analysis.places import is_described
from concbench.analysis.table_analysis import TableAnalysis
from concbench.analysis.thresholds import COMPUTES, FLAGGED
from concbench.stats.intervals import FEWEST, log_ratios, ratio_interval
from concbench.stats.verdicts import BAND, CLOSE, FASTER
from concbench.units import few, instead_of, listed, memory, percent, ratio, seconds


@dataclass(frozen=True)
class Recommendation:
    """The recommended runner, its confidence interval and the reasons; times in seconds, sizes in bytes."""

    runner: str
    """The runner as written on the command line; `sequential` if no other is proved to be, or clearly looks, faster."""
    workers: int
    speedup: float
    """Typical per-round ratio to sequential; 1 for sequential itself."""
    low: float | None
    high: float | None
    """Ends of the confidence interval of the speed-up; 1 for sequential itself, None without an interval."""
    cpu: float | None
    """CPU seconds of one execution."""
    memory: int | None
    """Peak memory in bytes, all processes together."""
    fastest_group: list[str]
    """Runners that are statistically tied with the fastest."""
    reasons: list[Finding]
    """Sentences with their figures and, if there is one, the page that explains them; the most important first."""
    conditions: list[Finding]
    """What was measured, and what would change the answer."""
    headline: str
    """The recommendation in one line."""
    proved: bool = True
    """Whether the statistics support the recommendation. If not, the runner only looks fastest, and the headline says
    so."""
    variant: str = ""
    """The recommended variant, if several interpreters were compared."""
    snippet: str = field(default="", repr=False)
    """A complete Python program to paste; without concbench if the runner can be written without it."""

    @property
    def valid_for(self) -> list[str]:
        """The conditions as sentences: what was measured, and what would change the answer."""
        return [one.sentence for one in self.conditions]


_FORK = (
    "Its workers are forked, so that they inherit the items, which need not be sent. A fork copies locks in their "
    "current state: if the program or a library has threads by then, a worker may hang. Windows has no fork, and "
    "forking is not safe on macOS."
)
_FORK_IN_BRIEF = (
    "Forked workers copy locks: if the program has threads by then, a worker may hang. Windows has no fork, and "
    "forking is not safe on macOS."
)
_TOO_SHORT = 0.001
"""Seconds of work below which starting any worker would take longer than the work."""
_LOOKS = 1.2
"""Ratio to the proved runner from which another runner looks better."""
_LOOKS_LEVEL = 0.05
"""Error level at which the runner that looks fastest must be faster. It is corrected for the number of rivals, but not
for repeated looks at the race: the headline says that nothing is proved."""
_RUN_IT = "; concbench run measures it anyway"


def recommend(table: TableAnalysis, tasks: int) -> Recommendation | None:
    """Choose a runner from a finished race.

    Args:
        table: the table of the race.
        tasks: number of tasks of the whole work; the race may have used fewer.

    Returns:
        None if there is nothing to compare with: the answer to the table says why.
    """
    if table.baseline.seconds is None:
        return _nothing_to_gain(table) if _is_too_short(table.baseline) else None
    proved = _proved_cell(table)
    chosen = _looks_better(table, proved) or proved
    group = table.fastest_group
    interval = chosen.interval if chosen is not table.baseline else None
    return Recommendation(
        runner=chosen.label,
        workers=chosen.workers,
        speedup=interval.centre if interval else chosen.speedup or 1.0,
        low=interval.low if interval else 1.0 if chosen is proved else None,
        high=interval.high if interval else 1.0 if chosen is proved else None,
        cpu=chosen.cpu,
        memory=chosen.memory,
        fastest_group=[str(cell.id) for cell in group],
        reasons=[
            *another_baseline(table),
            *_reasons(table, chosen, proved, group),
            *variant_findings(table),
            *_costs(table, chosen),
            *findings(table),
            *_no_gain(table, chosen),
        ],
        conditions=_conditions(table, chosen, tasks),
        headline=_headline(table, chosen, proved, tasks),
        proved=chosen is proved,
        variant=chosen.variant,
    )


def _is_too_short(baseline: CellAnalysis) -> bool:
    """Whether the baseline was refused because its execution is too short to be timed."""
    cell = baseline.record
    refused = cell.outcome.kind == "inapplicable" and not cell.samples
    return refused and cell.warmup is not None and cell.warmup.seconds < _TOO_SHORT


def _nothing_to_gain(table: TableAnalysis) -> Recommendation:
    """Recommend `sequential` for work that is too short to be timed: no runner could make up for its start."""
    cell = table.baseline.record
    took = seconds(cell.warmup.seconds) if cell.warmup else "next to nothing"
    return Recommendation(
        runner=cell.label,
        variant=cell.variant,
        workers=1,
        speedup=1.0,
        low=1.0,
        high=1.0,
        cpu=None,
        memory=None,
        fastest_group=[cell.label],
        reasons=[
            Finding(
                f"The whole work takes {took}: starting any worker would take longer.",
                known(seconds=cell.warmup.seconds if cell.warmup else None),
            )
        ],
        conditions=[Finding("With more items, or longer tasks, ask again.")],
        headline="Do not parallelise: there is nothing to gain.",
    )


def _proved_cell(table: TableAnalysis) -> CellAnalysis:
    """The simplest cell that is proved to be faster and within 5 % of the best; otherwise the baseline."""
    return next(iter(simplest(table, _proved_and_near_the_best(table))), table.baseline)


def _proved_and_near_the_best(table: TableAnalysis) -> list[CellAnalysis]:
    """The cells that are proved to be faster and are within 5 % of the best of them.

    They are statistically tied with the fastest, unless that itself was not proved to be faster than the baseline.
    """
    proved = [cell for cell in table.measured if cell.verdict == FASTER]
    proved = [cell for cell in proved if cell.in_fastest_group] or proved
    best = max((cell.speedup or 0.0 for cell in proved), default=0.0)
    if 0.0 < best <= BAND:  # the baseline is as good and costs nothing
        return []
    return [cell for cell in proved if (cell.speedup or 0.0) * BAND >= best]


def _looks_better(table: TableAnalysis, proved: CellAnalysis) -> CellAnalysis | None:
    """The cell with the least time, if it looks clearly faster than the proved one; otherwise None."""
    rivals = [cell for cell in table.measured if cell is not table.baseline and cell.outcome.kind == "ok"]
    leader = min(rivals, key=lambda cell: cell.seconds or math.inf, default=None)
    if leader is None or leader is proved or leader.verdict == FASTER or not leader.seconds or not proved.seconds:
        return None
    ratios = log_ratios(by_round(proved.record.samples), by_round(leader.record.samples))
    if not ratios.size or math.exp(float(np.median(ratios))) < _LOOKS or proved.seconds < _LOOKS * leader.seconds:
        return None
    interval = ratio_interval(ratios, _LOOKS_LEVEL / len(rivals))
    return leader if interval is None or interval.low > 1 else None


def _headline(table: TableAnalysis, chosen: CellAnalysis, proved: CellAnalysis, tasks: int) -> str:
    if chosen is not proved:
        return _looks_faster(table, chosen, proved)
    if chosen is table.baseline:
        return str(_reasons_against(table)[0])
    sample = f" over {table.record.tasks:,} of {tasks:,} items" if _first_use_weighs_more(table, tasks) else ""
    return f"{chosen.name}, {rate_of(chosen)} as fast as {table.baseline.name}{sample}."


def _first_use_weighs_more(table: TableAnalysis, tasks: int) -> bool:
    """Whether first use in a process weighs more in the measured items than in the whole work."""
    return table.record.fresh and table.record.tasks < tasks


def _looks_faster(table: TableAnalysis, chosen: CellAnalysis, proved: CellAnalysis) -> str:
    """Say that a runner looks faster, that this is not proved, and what is proved."""
    rounds = f"{chosen.shared_rounds} round{'' if chosen.shared_rounds == 1 else 's'}"
    rate = rate_of(chosen) if chosen.interval else ratio(chosen.speedup or 0.0)
    looks = f"{chosen.name} looks {rate} as fast as {table.baseline.name} after {rounds}, but this is not proved"
    if proved is not table.baseline:
        looks += f"; {proved.name} is proved to be {rate_of(proved)} as fast"
    return f"{looks}. More rounds ({more_rounds(table)}) may prove it."


def _reasons(
    table: TableAnalysis, chosen: CellAnalysis, proved: CellAnalysis, group: list[CellAnalysis]
) -> list[Finding]:
    if chosen is not proved:
        reasons = [Finding(_looks_faster(table, chosen, proved), rating(chosen), role=MORE)]
        return reasons + _not_compared(unmeasured(table, _RUN_IT, chosen))
    if chosen is table.baseline:
        return _reasons_against(table)
    is_fast = f"{chosen.name} is {rate_of(chosen)} as fast as {table.baseline.name}."
    reasons = [Finding(is_fast, rating(chosen), role=MORE)]
    ties = [cell.name for cell in _proved_and_near_the_best(table) if cell is not chosen]
    if ties:
        simpler = f"may be as fast, within 5 %; {chosen.name} is simpler"
        reasons.append(Finding(f"{listed(ties)} {simpler}.", brief=f"{few(ties)} {simpler}."))
    behind = [
        cell for cell in table.measured if not cell.in_fastest_group and cell is not table.baseline and cell.seconds
    ]
    best_of = {cell.runner: cell for cell in sorted(behind, key=lambda cell: -(cell.seconds or 0.0))}
    not_chosen = [cell for name, cell in best_of.items() if name not in {other.runner for other in group}]
    not_chosen += [cell for cell in behind if cell.label == chosen.label]  # under another variant
    if not_chosen and chosen.seconds:
        longer = {cell.name: (cell.seconds or 0.0) / chosen.seconds for cell in not_chosen}
        longer = {name: times for name, times in longer.items() if times > 1}
        parts = [f"{name} took {ratio(times)} as long" for name, times in longer.items()]
        slower = f"The alternatives were slower: {', '.join(parts)}."
        reasons += [Finding(slower, figures_of_runners("times_as_long", longer), role=MORE)] if parts else []
    return reasons + _not_compared(unmeasured(table, _RUN_IT))


def _not_compared(missing: str) -> list[Finding]:
    return [Finding(f"It was not compared with everything: {missing}.", role=WARNING)] if missing else []


def _reasons_against(table: TableAnalysis) -> list[Finding]:
    """Say that nothing was proved to be faster: a firm answer if the intervals are narrow, otherwise undecided.

    The first is the headline as well.
    """
    others = [cell for cell in table.measured if cell is not table.baseline and cell.interval is not None]
    rivals = [cell for cell in others if cell.in_fastest_group]
    undecided_cells = [cell for cell in rivals if cell.trends or (cell.high or 0.0) > CLOSE]
    name, missing = table.baseline.name, unmeasured(table, _RUN_IT)
    small_gains = [cell for cell in others if cell.verdict == FASTER]
    if small_gains:
        best = max(small_gains, key=lambda cell: cell.speedup or 0.0)
        gain = f"Leave it as it is: the best, {best.name}, is only {rate_of(best)} as fast as {name}"
        return [Finding(f"{gain}{f'; {missing}' if missing else ''}.", rating(best), role=MORE)]
    rivals_without = [cell for cell in table.measured if cell is not table.baseline and cell.interval is None]
    may_win = table.baseline.rounds < FEWEST or not all(cannot_win(cell, table) for cell in rivals_without)
    too_few_rounds = not others and bool(rivals_without) and may_win
    if not undecided_cells and not too_few_rounds:
        close = any((cell.high or 0.0) > BAND for cell in rivals)
        faster = "more than 10 % faster" if close else "faster"
        if not missing:
            return [Finding(_leave_it(table, faster), role=MORE)]
        measured = len(table.measured) > 1
        none = f"Nothing that was measured was {faster} than {name}" if measured else f"Nothing but {name} was measured"
        return [Finding(f"{none}; {missing}.", role=MORE)]
    but = f"; {missing}" if missing else ""
    headline = f"Leave it as it is for now: nothing was proved to be faster than {name}{but}."
    return [Finding(headline, role=MORE), *undecided(table, undecided_cells)]


def _leave_it(table: TableAnalysis, faster: str) -> str:
    if table.record.tasks == 1:
        return "Do not parallelise: there is a single task."
    return f"Do not parallelise: nothing was {faster} than {table.baseline.name}."


def _costs(table: TableAnalysis, chosen: CellAnalysis) -> list[Finding]:
    """CPU time and memory of the chosen cell, compared with the baseline."""
    cpu, cpu_before = chosen.cpu, table.baseline.cpu
    if chosen is table.baseline or cpu is None or cpu_before is None or not chosen.memory or not table.baseline.memory:
        return []
    cpu_text, cpu_text_before = seconds(cpu), seconds(cpu_before)
    memory_text, memory_text_before = memory(chosen.memory), memory(table.baseline.memory)
    finding = Finding(
        f"It costs {instead_of(cpu_text, cpu_text_before, 'CPU time')}, and "
        f"{instead_of(memory_text, memory_text_before, 'memory')}.",
        {"cpu": cpu, "cpu_before": cpu_before, "memory": chosen.memory, "memory_before": table.baseline.memory},
        brief=f"CPU time: {cpu_text} instead of {cpu_text_before}; "
        f"memory: {memory_text} instead of {memory_text_before}.",
    )
    return [finding]


def _conditions(table: TableAnalysis, chosen: CellAnalysis, tasks: int) -> list[Finding]:
    conditions = _reservations(table, tasks)
    busy = table.cores_of_the_work
    if busy is not None:
        share = min(busy, 1.0)
        computes = percent(share)
        waits = ", the resource that they wait for," if busy < COMPUTES else ""
        conditions.append(
            Finding(
                f"It holds for this machine and for tasks like these, which compute {computes} of their "
                f"time: if that share{waits} or the number of cores changes, ask again.",
                {"computing_share": share},
                brief=f"It holds for this machine, and for tasks that compute {computes} of their time.",
            )
        )
    conditions += [Finding(sentence) for sentence in what_if(table, chosen)]
    if chosen.settings.get("start_method") == "fork":
        conditions.append(Finding(_FORK, brief=_FORK_IN_BRIEF, role=WARNING))
    if chosen is table.baseline:
        return conditions
    return conditions + _savings_of_kept_workers(chosen, warm=table.record.warm)


def _reservations(table: TableAnalysis, tasks: int) -> list[Finding]:
    """What makes the recommendation less certain, or hold for less than was asked."""
    warnings = [*first_use_warning(table), *failures(table)]
    if table.record.tasks < tasks:
        on = f"Measured on {table.record.tasks:,} of {tasks:,} items, drawn at random"
        more = f"more than {table.record.tasks:,} workers could not be tried"
        warnings.append(Finding(f"{on}: {more}.", role=WARNING))
    if _first_use_weighs_more(table, tasks):
        warnings.append(
            Finding(
                "Each execution includes first-use costs, which weigh more with few items: over all items, the "
                "speed-ups differ. A larger --budget measures more items.",
                brief="First-use costs weigh more with few items: over all, the speed-ups differ.",
                role=WARNING,
            )
        )
    if table.other_load is not None and table.other_load > FLAGGED:
        sentence = f"Other processes used {table.other_load:.2f} cores meanwhile: measure again on a quiet machine."
        warnings.append(Finding(sentence, {"cores_of_others": table.other_load}, role=WARNING))
    return warnings


def _savings_of_kept_workers(chosen: CellAnalysis, *, warm: bool) -> list[Finding]:
    """Say what keeping the workers would save, for a runner that can keep them."""
    if chosen.works_singly or not is_described(chosen.record) or chosen.traits.starts_as_it_goes:
        return []
    if warm:
        return [Finding("Workers were kept from round to round (warm): a program that starts them takes longer.")]
    if not chosen.start_up:
        return []
    took, later = seconds(chosen.start_up), "from the second time on"
    finding = Finding(
        f"Workers are started for each execution, and the last began its first task after "
        f"{took}: a program that keeps them may save up to that {later}.",
        {"start_up": chosen.start_up},
        brief=f"A program that keeps its workers may save up to {took} {later}.",
    )
    return [finding]


def _no_gain(table: TableAnalysis, chosen: CellAnalysis) -> list[Finding]:
    return not_worth_it(table) if chosen is table.baseline else []
