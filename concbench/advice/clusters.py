"""Whether a cluster pays, in words: its speed-up over this machine, from how many items on, and what limits it."""

from __future__ import annotations

import math

from concbench.advice.finding import HEADLINE, Finding
from concbench.analysis.clusters import Cluster, clusters
from concbench.analysis.table_analysis import TableAnalysis
from concbench.results.records import number
from concbench.units import data, listed, percent, ratio, seconds

_PAGE = "howto/more-than-one-machine"
_NOT_FRESH = " The same workers served all executions, so first-use costs were paid before."


def cluster_findings(table: TableAnalysis) -> list[Finding]:
    """The findings on every cluster of a table."""
    initializer = ["the initializer"] if table.record.settings.get("initializer") else []
    fixed = listed(["connecting", *initializer, "the first answer"])
    before = "the first answer takes" if table.record.warm else f"{fixed} take"
    return [
        finding
        for cluster in clusters(table)
        for finding in (_gain(cluster, before), _limit(cluster))
        if finding is not None
    ]


def ready_worker_notes(table: TableAnalysis) -> list[str]:
    """Notes that workers were ready before the clock started, and how long making them ready took."""
    connecting = "" if table.record.warm else "connecting to them, "
    return [
        f"{cell.name}: its workers were ready before the clock started (made ready in {seconds(took)}); the times "
        f"include {connecting}sending, tasks and gathering."
        f"{'' if cell.is_here or not table.record.fresh else _NOT_FRESH}"
        for cell in table.measured
        if (took := number(cell.interpreter, "provided")) is not None
    ]


def _gain(cluster: Cluster, before: str) -> Finding:
    line, best, rival = cluster.line, cluster.best, cluster.rival
    rate = f"{line.cell.name} was {ratio(cluster.times_as_fast)} as fast as the best of this machine, {best.cell.name}"
    costs = (
        f"{before} {seconds(line.fixed)} however many items there are, and an item takes "
        f"{seconds(line.per_item)} there and {seconds(rival.per_item)} under {rival.cell.name}"
    )
    figures = {
        "times_as_fast": cluster.times_as_fast,
        "fixed_seconds": line.fixed,
        "item_seconds": line.per_item,
        "item_seconds_here": rival.per_item,
    }
    if not cluster.can_extrapolate:
        sentence = f"{rate}. The work was too short to say from how many items on it pays."
        return Finding(sentence, figures, _PAGE, role=HEADLINE)
    if cluster.items is None:
        sentence = f"{rate}. By these figures no number of items makes it pay"
    else:
        items = math.ceil(cluster.items)
        figures["break_even_items"] = items
        pays = f"it pays from {_about(items)} on" if items > 1 else "it pays for any number of items"
        sentence = f"{rate}. By these figures {pays}"
    return Finding(f"{sentence}: {costs}.", figures, _PAGE, brief=f"{sentence}.", role=HEADLINE)


def _limit(cluster: Cluster) -> Finding | None:
    figures, name = cluster.figures, cluster.line.cell.name
    if not cluster.limit:
        return None
    total, chunks = figures["total"], f"{figures['chunks']:,.0f}"
    share = percent(figures["tasks"] / total)
    why = {
        "workers": f"its workers ran tasks for {share} of the time, so more workers would help",
        "connecting": f"connecting and leaving took {seconds(figures['connecting'])} of {seconds(total)}; with more "
        "items their share is smaller",
        "initializer": f"the initializer took {seconds(figures['initializer'])} of {seconds(total)} in each worker; "
        "with more items its share is smaller",
        "longest": f"the longest task took {seconds(figures['longest'])} of {seconds(total)}; split it, or "
        "start it first",
        "bytes": f"{data(figures['bytes'])} were transferred; send the names of data that workers can read "
        "themselves, or return less",
        "short": f"a chunk of tasks took {seconds(figures['chunk'])}, and handing it over "
        f"{seconds(figures['handing'])}; make tasks longer, or use a larger chunksize",
        "rate": f"handing over {chunks} chunks took the scheduler {seconds(figures['beside'])} in addition to their "
        "tasks; use a larger chunksize",
    }[cluster.limit]
    return Finding(f"What limits {name}: {why}.", figures, _PAGE)


def _about(items: int) -> str:
    """The number of items rounded up to two digits, which is all that the model justifies."""
    unit = 10 ** max(0, len(str(items)) - 2)
    return f"about {math.ceil(items / unit) * unit:,} items"
