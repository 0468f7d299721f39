"""How good the advice is: the answer of `advise()` on each job, beside an exhaustive measurement of the same job.

    python benchmarks/advice/accuracy.py                                        about 40 minutes
    python benchmarks/advice/accuracy.py --against ../other-checkout --runs 3   about 2 hours
    python benchmarks/advice/accuracy.py --jobs wait compute "lazy model"
    python benchmarks/advice/accuracy.py --keep accuracy.jsonl        goes on where it was interrupted

Every advice is requested in a process of its own, with the default budget; the versions take turns. Then every runner,
with every power of 2 of workers, is measured in two rounds; the eight best that are not far behind, and the numbers of
workers beside the best, in five more, and these say which is the best. How good an advice is comes from
further rounds, interleaved, of the best and of what was advised, in three launches: so the best is not chosen from
the rounds that it is judged by. All versions and runs are judged against the same measurement.

The score of a recommendation is best / advised, capped at 1: the fraction of the best speed that it reaches. It is a
miss if the 95 % interval of advised / best lies above 1.05, or if there was no answer, since the program then stays
sequential.
The bound is a time that no runner can undercut, known from how the job is made: a best cell near the bound shows
that the exhaustive measurement finds what there is.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

HERE = Path(__file__).absolute().parent
sys.path[1:1] = [str(HERE.parent)]  # after the folder of this file, which also has a jobs.py

from jobs import JOBS, Job, Place  # noqa: E402
from pairs import Columns, checkout, found_first, program, require  # noqa: E402

import concbench  # noqa: E402
from concbench import measure  # noqa: E402
from concbench.harness.planning.runner_specs import parse  # noqa: E402
from concbench.options import declared_options  # noqa: E402
from concbench.results.records import Table  # noqa: E402
from concbench.stats.intervals import ratio_interval  # noqa: E402

GOOD = 1.05
"""Ratio to the best up to which an advice counts as good."""
OVER = 1.5
"""Multiple of the budget that an advice may take."""
FAR_BEHIND = 1.5
"""Ratio to the best after two rounds beyond which a cell is not measured further."""
MOST_NEAR = 8
"""Most cells that are measured further."""
LAUNCHES = 3
"""Number of launches of the processes whose rounds judge an advice."""
PATIENCE = 12
"""Multiple of the budget after which an advice is given up."""


@dataclass(frozen=True)
class Answer:
    """The answer of a version on a job."""

    code: str
    run: int
    runner: str | None
    """None if it gave no answer."""
    said: str
    seconds: float
    """Seconds from the start of the asking process to its end."""


@dataclass(frozen=True)
class Judged:
    """An answer, and how it compares with the best."""

    answer: Answer
    advised: str
    """The runner that results from following the advice."""
    best: str
    best_seconds: float
    ratio: float
    """Advised / best; infinite if the advised runner fails."""
    low: float
    high: float
    exhaustive: float
    """Seconds of the exhaustive measurement, which all answers on the job share."""

    @property
    def score(self) -> float:
        """The share of the best speed that the advice reaches."""
        return min(1.0, 1 / self.ratio)

    @property
    def missed(self) -> bool:
        """Whether another runner would certainly have been better."""
        return self.answer.runner is None or self.low > GOOD


def main() -> None:
    """Ask, measure, print a line for each answer, and sum up."""
    arguments = parse_arguments()
    require(not sys.dont_write_bytecode, "unset PYTHONDONTWRITEBYTECODE, or every worker compiles what it imports")
    order = random.Random(arguments.seed)
    versions = {"this": Path(concbench.__file__).absolute().parent.parent}
    if arguments.against:
        versions["other"] = arguments.against
    runs = {"this": arguments.runs, "other": arguments.other_runs or arguments.runs}
    known = kept(arguments.keep, {(code, run) for code in versions for run in range(1, runs[code] + 1)})
    counts = ", ".join(f"{runs[code]} runs of {code} version" for code in versions)
    print(f"{len(arguments.jobs)} jobs, {counts}, seed {arguments.seed}\n")
    table = Columns(
        ("job", 18), ("code", 5), ("run", 3), ("advised", 40), ("best", 40), ("best ms", 7), ("bound ms", 8),
        ("score", 5), ("advised / best", 20), ("miss", 4), ("advice s", 8), ("exhaustive s", 12),
    )  # fmt: skip
    judged: dict[str, list[Judged]] = {}
    failed: dict[str, str] = {}
    began = perf_counter()
    with tempfile.TemporaryDirectory() as directory, serving() as server:
        place = Place(Path(directory), server)
        for name in arguments.jobs:
            try:
                judged[name] = known.get(name) or judge(name, place, versions, runs, arguments, order)
            except Exception as error:  # noqa: BLE001 - one broken job must not end the others
                failed[name] = f"{type(error).__name__}: {error}"
                print(f"{name}: FAILED: {failed[name]}", flush=True)
                continue
            if arguments.keep and name not in known:
                with arguments.keep.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"job": name, "judged": [asdict(one) for one in judged[name]]}) + "\n")
            for one in judged[name]:
                table.row(*columns(name, one))
                if one.answer.runner is None:
                    print(f"  no answer: {one.answer.said}", flush=True)
    print()
    for code in versions:
        sum_up(
            code, [(name, one) for name, all_ in judged.items() for one in all_ if one.answer.code == code], arguments
        )
    print(f"{perf_counter() - began:.0f} s in all" + (f"; FAILED: {', '.join(failed)}" if failed else ""))
    sys.exit(1 if failed else 0)


def parse_arguments() -> argparse.Namespace:
    """The jobs and versions, and how often each is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", nargs="+", choices=list(JOBS), default=list(JOBS), metavar="JOB")
    parser.add_argument("--runs", type=int, default=1, help="advices on each job by each version")
    parser.add_argument("--other-runs", type=int, help="advices by the version of --against; as many without it")
    parser.add_argument("--budget", type=float, help="of an advice, in seconds, instead of the default")
    parser.add_argument("--rounds", type=int, default=15, help="that an advice is judged by; 15 or more")
    parser.add_argument("--against", type=checkout, metavar="CHECKOUT", help="ask another version of concbench, too")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="add jobs to this file, without those in it")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    if arguments.rounds < 15:
        parser.error("--rounds must be 15 or more")
    return arguments


def kept(path: Path | None, wanted: set[tuple[str, int]]) -> dict[str, list[Judged]]:
    """The jobs in the file of an earlier measurement of the same versions and runs; its last line may be cut off."""
    found: dict[str, list[Judged]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []:
        with suppress(json.JSONDecodeError):
            read = json.loads(line)
            judged = [Judged(**{**one, "answer": Answer(**one["answer"])}) for one in read["judged"]]
            if {(one.answer.code, one.answer.run) for one in judged} == wanted:
                found[read["job"]] = judged
    return found


@contextmanager
def serving() -> Iterator[str]:
    """The address of the server, which ends with this process at the latest."""
    command = [sys.executable, str(HERE / "server.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.stdin.close()


def judge(
    name: str,
    place: Place,
    versions: dict[str, Path],
    runs: dict[str, int],
    arguments: argparse.Namespace,
    order: random.Random,
) -> list[Judged]:
    """Ask all versions about a job, and measure their answers."""
    job = JOBS[name]
    list(job.items(place))  # so that no answer waits for files to be written
    answers: list[Answer] = []
    for run in range(1, max(runs.values()) + 1):
        codes = [code for code in versions if run <= runs[code]]
        order.shuffle(codes)
        answers += [ask(name, place, code, versions[code], run, arguments.budget) for code in codes]
    advised = {answer: parse(answer.runner or "sequential").label for answer in answers}
    began = perf_counter()
    measuring = Measuring(job, place, order)
    best = measuring.best(list(dict.fromkeys(advised.values())))
    times = measuring.judge([best, *sorted({*advised.values()} - {best})], arguments.rounds)
    exhaustive = perf_counter() - began
    best_seconds = statistics.median(times[best].values())
    return [
        Judged(answer, label, best, best_seconds, *ratio(times[label], times[best]), exhaustive)
        for answer, label in advised.items()
    ]


def ask(name: str, place: Place, code: str, version: Path, run: int, budget: float | None) -> Answer:
    """Request one advice in a process of its own."""
    given = [name, str(place.directory), place.server, *([] if budget is None else [str(budget)])]
    began = perf_counter()
    with subprocess.Popen(
        [*program("asking", version, HERE), *given], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**found_first(version, HERE), "PYTHONSAFEPATH": "1", "TMPDIR": str(place.directory)},
    ) as process:  # fmt: skip
        try:
            printed, complaints = process.communicate(timeout=PATIENCE * budget_of(budget))
        except subprocess.TimeoutExpired:
            return Answer(code, run, None, "given up", perf_counter() - began)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    seconds = perf_counter() - began
    if process.returncode:
        last = [*complaints.strip().splitlines(), f"exit code {process.returncode}"][-2:][0]
        return Answer(code, run, None, last, seconds)
    answer = json.loads(printed.splitlines()[-1])
    return Answer(code, run, answer["runner"], answer["said"], seconds)


def budget_of(given: float | None) -> float:
    """The budget of an advice, in seconds."""
    return float(declared_options()["budget"].default if given is None else given)


class Measuring:
    """Measures a job under any runners."""

    def __init__(self, job: Job, place: Place, order: random.Random) -> None:
        self._job = job
        self._items = list(job.items(place))
        self._order = order

    def best(self, advised: Sequence[str]) -> str:
        """The best of all cells and of the advised ones."""
        first = self._times([*cells(self._job, len(self._items)), *advised], rounds=2)
        least = {label: min(times.values()) for label, times in first.items()}
        first_to_last = sorted(least, key=least.__getitem__)
        near = [label for label in first_to_last if least[label] <= FAR_BEHIND * least[first_to_last[0]]]
        second = self._times([*near[:MOST_NEAR], *beside(near[0], len(self._items))], rounds=5)
        return min(second, key=lambda label: statistics.median(second[label].values()))

    def judge(self, labels: Sequence[str], rounds: int) -> dict[str, dict[int, float]]:
        """Times by round, over several launches, since chance gives each process its speed; without failed cells."""
        taken: dict[str, dict[int, float]] = {label: {} for label in labels}
        launches = 1 if self._job.keeps_state else LAUNCHES  # each sample then has a new process
        each = -(-rounds // launches)
        for launch in range(launches):
            for label, times in self._times(labels, each).items():
                taken[label] |= {launch * each + number: seconds for number, seconds in times.items()}
        if not taken[labels[0]]:
            raise RuntimeError(f"{labels[0]} was the best and fails now")
        return taken

    def _times(self, labels: Sequence[str], rounds: int) -> dict[str, dict[int, float]]:
        """Seconds by round of the cells that do not fail."""
        options: dict[str, Any] = {"fresh": self._job.keeps_state, "tolerate": self._job.fails}
        runners = list(dict.fromkeys(parse(label).label for label in labels))
        seed = self._order.randrange(2**32)
        run = measure(
            self._job.called(), items=self._items, runners=runners, rounds=rounds, observe=False, seed=seed, **options
        )
        if run.record.interrupted:
            raise KeyboardInterrupt
        return by_round(run.tables[0])


def by_round(table: Table) -> dict[str, dict[int, float]]:
    """Seconds of the cells that did not fail."""
    return {
        cell.label: {sample.round: sample.seconds for sample in cell.samples}
        for cell in table.cells
        if cell.outcome.kind == "ok" and cell.samples
    }


def cells(job: Job, tasks: int) -> list[str]:
    """Every runner, with every power of 2 of workers that makes sense, and with chunks."""
    many = [2**power for power in range(1, 9) if 2**power < 2 * tasks]
    few = [count for count in many if count <= 8]
    chunks = [f"workers=2,chunksize={size}" for size in (4, 16, 64, 256, 1024, 4096) if 2 * size <= tasks]
    methods = ["fork"] if job.large_items and hasattr(os, "fork") else []
    return [
        "sequential",
        *(["threads"] if tasks <= 1_000 else []),
        "batched-threads:10",
        *(f"thread-pool:{min(count, tasks)}" for count in many),
        *(f"asyncio:{min(count, tasks)}" for count in many if job.awaitable),
        *(["processes"] if tasks <= 40 else []),
        *(f"process-pool:{min(count, tasks)}" for count in few),
        *(f"process-pool:{settings}" for settings in chunks),
        *(f"processes:start_method={method}" for method in methods if tasks <= 40),
        *(f"process-pool:workers={count},start_method={method}" for method in methods for count in few[:2]),
    ]


def beside(label: str, tasks: int) -> list[str]:
    """Pools with three quarters and three halves of the workers, which the powers of 2 leave out."""
    cell = parse(label)
    workers = cell.settings.get("workers")
    if workers is None:
        return []
    counts = {count for count in (workers * 3 // 4, workers * 3 // 2) if 2 <= count <= tasks} - {workers}
    others = "".join(f",{key}={value}" for key, value in cell.settings.items() if key != "workers")
    return [f"{cell.name}:workers={count}{others}" for count in sorted(counts)]


def ratio(advised: dict[int, float], best: dict[int, float]) -> tuple[float, float, float]:
    """Advised / best and its interval."""
    if advised is best:
        return 1.0, 1.0, 1.0
    shared = sorted(advised.keys() & best.keys())
    interval = ratio_interval(np.log([advised[number] / best[number] for number in shared]), 0.05)
    if interval is None:  # the advised runner fails
        return float("inf"), float("inf"), float("inf")
    return interval.centre, interval.low, interval.high


def columns(name: str, one: Judged) -> list[str]:
    """A line of the table."""
    bound = JOBS[name].bound
    return [
        name,
        one.answer.code,
        str(one.answer.run),
        one.advised if one.answer.runner else "no answer",
        one.best,
        f"{one.best_seconds * 1000:.0f}",
        f"{bound * 1000:.0f}" if bound else "",
        f"{one.score:.3f}",
        f"{one.ratio:.2f} [{one.low:.2f}, {one.high:.2f}]",
        "MISS" if one.missed else "",
        f"{one.answer.seconds:.1f}",
        f"{one.exhaustive:.1f}",
    ]


def sum_up(code: str, answers: list[tuple[str, Judged]], arguments: argparse.Namespace) -> None:
    """Print the summary of all answers of a version."""
    if not answers:
        return
    scores = [one.score for _, one in answers]
    missed = [name for name, one in answers if one.missed]
    worst_name, worst = min(answers, key=lambda pair: pair[1].score)
    seconds = [one.answer.seconds for _, one in answers]
    budget = budget_of(arguments.budget)
    by_run: dict[int, list[float]] = {}
    for _, one in answers:
        by_run.setdefault(one.answer.run, []).append(one.score)
    functions = len({name for name, _ in answers})
    print(f"{code}: {statistics.mean(scores):.1%} of the best, by exhaustive measurement, on {functions} functions")
    print(f"  by run: {', '.join(f'{statistics.mean(of_run):.1%}' for _, of_run in sorted(by_run.items()))}")
    print(f"  misses: {len(missed)} of {len(answers)} advices ({', '.join(dict.fromkeys(missed)) or 'none'})")
    print(f"  worst: {worst.score:.1%} ({worst_name}: {worst.advised}, where {worst.best} is the best)")
    print(
        f"  an advice took {statistics.median(seconds):.1f} s in the median, {max(seconds):.1f} s at most; "
        f"{sum(one > OVER * budget for one in seconds)} of {len(seconds)} took more than {OVER} budgets of {budget:g} s"
    )


if __name__ == "__main__":
    main()
