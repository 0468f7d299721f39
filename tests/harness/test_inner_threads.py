"""Workers with one inner thread each: raced where native libraries compute on several, and pinned in the program."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from concbench import Advice, advise
from concbench.advice.snippet import snippet
from concbench.analysis.thresholds import COMPUTES, WAITS
from concbench.harness.planning.runner_specs import parse
from concbench.harness.search.candidates import variants_to_race
from concbench.harness.search.effort import Costs, affordable
from concbench.machine import POOL_VARIABLES
from concbench.results.records import CellId
from concbench.runners.look import Look
from concbench.testing import SimulatedHosts
from concbench.variants import DEFAULT_VARIANT, ONE_INNER_THREAD
from concbench.workloads.function.calling import CallForm
from concbench.workloads.function.workload import FunctionWorkload

PINNED = ONE_INNER_THREAD.label
SET = [f'os.environ["{name}"] = "1"' for name in POOL_VARIABLES]
POOLS = """
import numpy
from threadpoolctl import threadpool_info

def pools(item):
    return max(pool["num_threads"] for pool in threadpool_info())
"""


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no number of inner threads has been set."""
    monkeypatch.setattr("concbench.harness.search.search.cores_to_race", lambda: 2)
    for name in POOL_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def nothing(item: int) -> None:
    del item


def crowded(runner: str, variant: str) -> float:
    """Processes that gain only if each leaves the cores to the others."""
    if runner.startswith("process"):
        return 0.0055 if variant == PINNED else 0.013
    return 0.012 if variant == PINNED else 0.010


def asked(
    model: Callable[[str, str], float], cores: float = 1.9, noise: float = 0.01, seed: int = 1, **options: Any
) -> Advice:
    """The advice on work that keeps `cores` cores busy by itself."""
    drawn = random.Random(seed)

    def play(label: str, number: int) -> float:
        del number
        runner, _, variant = label.partition(" ")
        return model(runner, variant.strip("()")) * drawn.lognormvariate(0.0, noise)

    hosts = SimulatedHosts(play, cores)
    return advise(nothing, items=range(40), hosts=hosts, seed=seed, compare=False, **options)


def test_both_numbers_are_advised_and_pinned_where_pinning_wins() -> None:
    advice = asked(crowded)
    best = advice.recommendation
    assert best is not None
    assert (best.runner, best.workers, best.variant) == ("process-pool:2", 2, PINNED)
    assert best.headline.startswith("process-pool(2")
    assert f"{PINNED})" in best.headline
    first, imports, *lines = best.snippet.splitlines()
    assert first.startswith("# Before every other import")
    assert [imports, *lines[: 1 + len(SET)]] == ["import os", "", *SET]
    assert "ProcessPoolExecutor" in best.snippet
    (table,) = advice.run.tables
    assert table.variants == {PINNED: {"environment": dict.fromkeys(POOL_VARIABLES, "1")}}


def test_the_baseline_is_the_work_as_it_is_and_no_worker_shares_a_core() -> None:
    """Twins belong to runners whose workers can compute at once."""
    (table,) = asked(crowded).run.tables
    assert table.baseline == CellId("sequential")
    twins = [cell for cell in table.cells if cell.variant == PINNED and cell.outcome.kind == "ok"]
    assert {"thread-pool:2", "process-pool:2"} <= {cell.label for cell in twins}
    assert "sequential" not in {cell.label for cell in twins}
    assert all(CellId(cell.label) in {one.id for one in table.cells} for cell in twins if cell.workers == 2)


def test_the_answer_says_what_pinning_alone_gains_and_asks_for_nothing_that_was_measured() -> None:
    said = " ".join(asked(crowded).to("text", details=True).split())
    assert re.search(r"The alternatives were slower: .*process-pool\(2(, \w+)?\) took 2\.\d+x as long", said)
    assert "kept 1.9 cores busy by itself" in said
    assert "measure that too" not in said
    assert "under the same variant" not in said
    said = " ".join(asked(lambda *cell: min(crowded(*cell), 0.009)).to("text", details=True).split())
    assert "The same runner under another variant: process-pool(" in said


@pytest.mark.parametrize("seed", range(10))
def test_where_pinning_gains_nothing_no_gain_is_claimed(seed: int) -> None:
    """The error level counts the twins."""
    best = asked(lambda *_: 0.01, noise=0.1, seed=seed).recommendation
    assert best is not None
    assert (best.runner, best.variant) == ("sequential", "")


def test_of_those_that_are_as_good_the_one_that_pins_nothing_is_advised() -> None:
    best = asked(lambda runner, _: 0.005 if runner.startswith("process") else 0.01).recommendation
    assert best is not None
    assert (best.runner, best.variant) == ("process-pool:2", "")
    assert "environ" not in best.snippet


@pytest.mark.parametrize(
    ("cores", "options", "variable"),
    [(1.0, {}, ""), (1.9, {"env": {"MODE": ["a"]}}, ""), (1.9, {}, "OPENBLAS_NUM_THREADS")],
    ids=["one thread computes", "variants were asked for", "a variable is set"],
)
def test_nothing_is_pinned_where_there_is_nothing_to_pin_or_somebody_has_decided(
    cores: float, options: dict[str, Any], variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable:
        monkeypatch.setenv(variable, "2")
    (table,) = asked(crowded, cores, **options).run.tables
    assert len(table.cells) > 2
    assert PINNED not in {cell.variant for cell in table.cells}


@pytest.mark.parametrize(
    ("busy", "pools", "pinned"),
    [(1.9, 2.0, True), (1.0, 2.0, True), (1.9, 1.0, False), (0.3, 2.0, False), (1.9, None, True), (1.0, None, False)],
)
def test_pools_that_are_known_count_else_the_cores_that_were_busy(
    busy: float, pools: float | None, pinned: bool
) -> None:
    """Work that waits has none."""
    look = Look(40, 0.1, busy > COMPUTES, busy < WAITS, awaitable=False, cores=2, busy=busy, native_threads=pools)
    expected = (DEFAULT_VARIANT, ONE_INNER_THREAD) if pinned else (DEFAULT_VARIANT,)
    assert variants_to_race(look, (DEFAULT_VARIANT,)) == expected


@pytest.mark.parametrize("seconds", [0.01, 0.05, 0.1, 0.15, 0.3, 1.0])
def test_what_nobody_asked_for_costs_items_and_no_proof(seconds: float) -> None:
    look = Look(40, seconds, computes=True, waits=False, awaitable=False, cores=2, busy=1.9)
    without = Costs(look, 0.05, fresh=False)
    costs = replace(without, variants=(DEFAULT_VARIANT, ONE_INNER_THREAD))
    alone, effort = affordable(without, 10.0, 9.0), affordable(costs, 10.0, 9.0)
    assert alone is not None
    assert effort is not None
    assert effort.single_round == alone.single_round
    raced = {cell.id.variant for cell in effort.cells}
    assert raced == ({""} if seconds > 0.1 else {"", PINNED})
    assert costs.race_seconds(effort.field) <= 9.0 or effort.single_round


@pytest.mark.parametrize("start_method", ["spawn", "fork"])
def test_the_program_gives_every_worker_one_inner_thread(start_method: str, tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    threadpoolctl = pytest.importorskip("threadpoolctl")
    if max((pool["num_threads"] for pool in threadpoolctl.threadpool_info()), default=1) < 2:
        pytest.skip("no library here starts threads")
    if start_method == "fork" and sys.platform == "win32":
        pytest.skip("there is no fork")
    (tmp_path / "pooled.py").write_text(POOLS)
    runner = parse(f"process-pool:workers=2,start_method={start_method}").runner
    sys.path.insert(0, str(tmp_path))
    try:
        from pooled import pools  # type: ignore[import-not-found]

        text = snippet(
            FunctionWorkload.of(pools, [1, 2, 3], CallForm()).call(2), runner, ONE_INNER_THREAD.set_by_program
        )
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("pooled", None)
    (tmp_path / "program.py").write_text(f"{text}\n    print(results)\n")
    done = subprocess.run(
        [sys.executable, "program.py"],
        capture_output=True, text=True, cwd=tmp_path, env={**os.environ}, timeout=100, check=False,
    )  # fmt: skip
    assert done.stdout == "[1, 1, 1]\n", done.stderr
