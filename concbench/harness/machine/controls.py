"""Controls: work with a known speed-up, measured on this machine, with advice where the machine does not reach it.

A control shows what the machine can do. Its workers are started before the clock, since the cost of starting a worker
would hide the speed-up; that cost is measured separately. A control is measured until the interval of the ratio has
passed a bound. A failure is reported only after all of the time allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import inf

from concbench.analysis.cell_analysis import CellAnalysis, by_round
from concbench.analysis.table_analysis import analyse
from concbench.analysis.thresholds import FLAGGED, STRONG
from concbench.harness.hosts.base import Hosts
from concbench.harness.hosts.launcher import ProcessHosts
from concbench.harness.machine.environment import environment
from concbench.harness.measurement import measure_workload
from concbench.harness.planning.plan import BASELINE, plan
from concbench.harness.stop_rules import NextRound, RoundLimit, Standings
from concbench.options import MeasureOptions, make_options
from concbench.results.records import CellId, Json
from concbench.runners import start_method
from concbench.stats.intervals import FEWEST, Interval, log_ratios, look_level, ratio_interval
from concbench.units import ratio, span
from concbench.workloads.base import Workload
from concbench.workloads.synthetic import Sleep, Spin

OK, BAD, UNKNOWN, NOTE = "ok", "bad", "unknown", "note"
"""The status of a finding: as expected; certainly not as expected, so that results mislead; undecided; a remark."""
SHOWN, NOT_SHOWN = "shown", "not shown"

AGAIN = "run 'concbench doctor' again"
_ABILITIES = {"concurrency": ("concurrency", "coroutines"), "parallelism": ("parallelism", "threads")}

WAITING = 8
"""Number of waiting workers. Half of their speed-up is enough to show concurrency: serial execution gives 1x."""
MOST_PROCESSES = 8
"""Most cores tried at once: more would show nothing else, and take longer to start."""
ADDS = 0.10
"""Share of a core that each further core must add; on a shared host a second one adds 10 to 100 %, varying in time."""
MAX_ROUNDS = 60
_WAITING_SECONDS, _COMPUTING_SECONDS = 2.0, 4.0
"""Seconds allowed for each group of controls."""
_TURNS = 1_200_000
"""Turns of the loop in one task, which take some 25 ms."""
_COARSE = 1e-6


@dataclass(frozen=True)
class Control:
    """The speed-up over sequential that one runner must reach."""

    about: str
    """concurrency, coroutines, parallelism or threads."""
    workers: str
    """The workers in words, such as `8 waiting threads`."""
    expected: float
    """The speed-up on a machine that is otherwise idle."""
    bound: float
    """The speed-up above which the ability is shown; where no gain is expected, below which."""
    advice: str
    """The advice if the ability is certainly not shown."""
    expects_gain: bool = True
    """Whether a gain is expected."""
    condition: str = ""
    """The condition of the expectation, where it is not obvious, such as `with a GIL`."""

    def outcome(self, interval: Interval | None) -> str:
        """Return SHOWN, NOT_SHOWN, or UNKNOWN while the bound lies in the interval."""
        if interval is None or interval.low <= self.bound <= interval.high:
            return UNKNOWN
        return SHOWN if (interval.low > self.bound) == self.expects_gain else NOT_SHOWN


@dataclass(frozen=True)
class ControlRule:
    """Samples a control until it has shown the expected speed-up, or the time allowed is over."""

    controls: Mapping[CellId, Control]
    max_rounds: int
    budget: float | None = None
    """Seconds after which no further round begins; the first three rounds are always taken."""
    hopeless: float = inf

    @property
    def terms(self) -> RoundLimit:
        """At most `max_rounds` rounds."""
        return RoundLimit(self.max_rounds)

    def next_round(self, standings: Standings) -> NextRound:
        """Return the baseline and the controls that have not passed their bounds."""
        if standings.baseline not in standings.samples:
            return NextRound([], "baseline")
        if standings.rounds < FEWEST:
            return NextRound(list(standings.samples))
        if standings.rounds >= self.max_rounds:
            return NextRound([], "rounds")
        level = look_level(self.max_rounds, standings.comparisons)
        base = by_round(standings.samples[standings.baseline])
        cells = [standings.baseline]
        for cell, control in self.controls.items():
            ratios = log_ratios(base, by_round(standings.samples.get(cell, [])))
            interval = ratio_interval(ratios, level, standings.noise.prior(standings.baseline, cell))
            if cell in standings.samples and control.outcome(interval) != SHOWN:
                cells.append(cell)
        if len(cells) == 1:
            return NextRound([], "verdicts")
        return NextRound([], "budget") if standings.exceeds(self.budget, cells) else NextRound(cells)


@dataclass(frozen=True)
class CheckupFinding:
    """One result of a checkup, from a control or from a fact about the machine."""

    about: str
    """concurrency, coroutines, parallelism, threads, load, cores, timer or governor."""
    status: str
    """ok, bad, unknown or note."""
    text: str
    advice: str = ""
    """The advice, unless the status is ok."""
    speedup: Interval | None = None
    """The speed-up of a control over sequential."""


@dataclass(frozen=True)
class Checkup:
    """All findings, with the facts about the machine."""

    environment: Json
    starting: dict[str, float]
    """Seconds from the start of one worker that does nothing to its end: thread, process and interpreter."""
    findings: list[CheckupFinding]

    @property
    def well(self) -> bool:
        """Whether no finding is bad."""
        return all(finding.status != BAD for finding in self.findings)

    @property
    def conclusion(self) -> str:
        """One or two sentences: whether this machine can show concurrency and parallelism; if not, why, and advice."""
        return conclude(self.findings)

    def as_json(self) -> Json:
        """Return plain JSON values."""
        return {"well": self.well, "conclusion": self.conclusion, **asdict(self)}


def check_up(hosts: Hosts | None = None, facts: Json | None = None) -> Checkup:
    """Read the machine and measure the controls; takes less than ten seconds.

    Args:
        hosts: starts the measuring processes of the controls; by default on this machine.
        facts: facts about the machine and the interpreter; by default about the current ones.
    """
    hosts = hosts or ProcessHosts()
    facts = facts or environment()
    starting = _starting(hosts)
    watch = hosts.load_watch()
    measured = _waiting(hosts)
    cores = int(facts["cores_usable"])
    if cores > 1:
        measured += _computing(hosts, min(cores, MOST_PROCESSES), gil=bool(facts["gil"]))
    load = watch.cores() if watch else None
    facts = {**facts, "load_of_others": None if load is None else round(load, 2)}
    findings = [judge(control, cell, load) for control, cell in measured]
    if cores == 1:
        findings.append(_one_core())
    return Checkup(facts, starting, [*findings, _load(load), *_cores(facts), *_clock(facts)])


def _starting(hosts: Hosts) -> dict[str, float]:
    """Measure the start of each kind of worker alone, since the shortest decides the executions in a sample."""
    runners = {
        "thread": "threads",
        "process": f"processes:start_method={start_method.DEFAULT}",
        "interpreter": "processes:start_method=spawn",
    }
    options = make_options(rounds=FEWEST, observe=False)
    seconds = {}
    for name, runner in runners.items():
        (cell,) = _measure(hosts, Sleep(tasks=1, seconds=0.0), [runner], options).values()
        if cell.seconds is not None:
            seconds[name] = cell.seconds
    return seconds


def _waiting(hosts: Hosts) -> list[tuple[Control, CellAnalysis]]:
    advice = "look for a debugger, a tracer or an emulator around this Python, which serialises them"
    controls = {
        f"{runner}:{WAITING}": Control(about, f"{WAITING} waiting {kind}", WAITING, WAITING / 2, advice)
        for runner, about, kind in (("thread-pool", "concurrency", "threads"), ("asyncio", "coroutines", "coroutines"))
    }
    return _control(hosts, Sleep(tasks=WAITING), BASELINE, controls, _WAITING_SECONDS)


def _computing(hosts: Hosts, workers: int, *, gil: bool) -> list[tuple[Control, CellAnalysis]]:
    """Measure the computing controls against a pool of one process: the same loop takes 10 % longer in a host itself.

    Processes are spawned: those of a fork server are not our children, and would count as the load of others.
    """
    bound = 1 + ADDS * (workers - 1)
    processes = Control(
        "parallelism", f"{workers} computing processes", workers, bound,
        "look for a limit of the container or the virtual machine, or measure on another machine",
    )  # fmt: skip
    threads = Control(
        "threads", f"{workers} computing threads", workers, bound,
        "look for an extension that holds a lock, or suspect the interpreter build",
        condition="without a GIL",
    )  # fmt: skip
    if gil:
        threads = Control(
            "threads", f"{workers} computing threads", 1, (1 + workers) / 2,
            "do not conclude that threads run in parallel: suspect the load, or the interpreter build",
            expects_gain=False, condition="with a GIL",
        )  # fmt: skip
    one, all_ = (f"process-pool:workers={number},start_method=spawn" for number in (1, workers))
    controls = {all_: processes, f"thread-pool:{workers}": threads}
    return _control(hosts, Spin(tasks=workers, turns=_TURNS), one, controls, _COMPUTING_SECONDS)


def _control(
    hosts: Hosts, workload: Workload, baseline: str, controls: Mapping[str, Control], budget: float
) -> list[tuple[Control, CellAnalysis]]:
    options = make_options(baseline=baseline, max_rounds=MAX_ROUNDS, budget=budget, warm=True, observe=False, seed=1)
    cells = _measure(hosts, workload, [baseline, *controls], options, controls)
    return [(control, cells[runner]) for runner, control in controls.items()]


def _measure(
    hosts: Hosts,
    workload: Workload,
    runners: Sequence[str],
    options: MeasureOptions,
    controls: Mapping[str, Control] | None = None,
) -> dict[str, CellAnalysis]:
    """The analysis of each runner, by its specification."""
    control_plan = plan(workload, runners, options)
    ids = {runner: cell.id for runner, cell in zip(runners, control_plan.cells, strict=True)}
    if controls:
        by_cell = {ids[runner]: control for runner, control in controls.items()}
        control_plan = replace(control_plan, stop_rule=ControlRule(by_cell, MAX_ROUNDS, options["budget"]))
    table, interrupted = measure_workload(control_plan, hosts, lambda _: None)
    if interrupted:
        raise KeyboardInterrupt
    analysis = analyse(table)
    return {runner: analysis[cell] for runner, cell in ids.items()}


def judge(control: Control, analysis: CellAnalysis, load: float | None) -> CheckupFinding:
    """The finding of a control; a failure that the load of other processes may explain is not blamed on the machine."""
    if analysis.interval is None:
        text = f"{control.workers} could not be measured: {analysis.outcome.reason or 'it was not sampled'}"
        status = BAD if analysis.outcome.kind == "failed" else UNKNOWN
        return CheckupFinding(control.about, status if control.expects_gain else NOTE, text, control.advice)
    speedup = analysis.interval
    text = f"{control.workers} were {ratio(speedup.centre)} [{span(speedup.low, speedup.high)}] as fast as sequential"
    outcome = control.outcome(speedup)
    if outcome == SHOWN:
        text += f", as expected {control.condition}" if control.condition else ""
        return CheckupFinding(control.about, OK, text, speedup=speedup)
    text = f"{text}; about {control.expected:.0f}x was expected {control.condition}".rstrip()
    if outcome == NOT_SHOWN and load is not None and load > FLAGGED:
        text += f", but other processes used {load:.2f} cores"
    elif outcome == NOT_SHOWN:
        return CheckupFinding(control.about, BAD if control.expects_gain else NOTE, text, control.advice, speedup)
    else:
        claim = f"whether it is {'more' if control.expects_gain else 'less'} than {ratio(control.bound)}"
        text += f", and {claim} could not be decided in the time allowed"
    return CheckupFinding(
        control.about, UNKNOWN if control.expects_gain else NOTE, text, f"{AGAIN}, on a quieter machine", speedup
    )


def _one_core() -> CheckupFinding:
    return CheckupFinding(
        "parallelism", BAD, "there is one usable core, so nothing can be computed in parallel",
        "measure on a machine with at least two cores",
    )  # fmt: skip


def _load(load: float | None) -> CheckupFinding:
    if load is None:
        return CheckupFinding(
            "load", NOTE, "the load of other processes cannot be read on this system",
            "check it yourself before you measure",
        )  # fmt: skip
    text = f"other processes used {load:.2f} cores meanwhile"
    if load > STRONG:
        return CheckupFinding("load", BAD, text, f"stop them ('top' shows which), and {AGAIN}")
    if load > FLAGGED:
        return CheckupFinding("load", NOTE, f"{text}: enough to change ratios", "stop them before you measure")
    return CheckupFinding("load", OK, text)


def _cores(facts: Json) -> Iterator[CheckupFinding]:
    quota, affinity, machine = facts["cores_by_quota"], facts["cores_by_affinity"], facts["cores"]
    if quota is not None and quota < affinity:
        yield CheckupFinding(
            "cores", NOTE, f"a quota allows {quota:g} cores, and os.cpu_count() says {machine}",
            f"set the size of pools to {facts['cores_usable']}: those sized by cpu_count() will stall",
        )  # fmt: skip
    elif affinity < machine:
        text = f"affinity allows {affinity} of {machine} cores"
        yield CheckupFinding(
            "cores", NOTE, text, f"set the size of pools to {facts['cores_usable']}, or lift it with taskset"
        )


def _clock(facts: Json) -> Iterator[CheckupFinding]:
    if facts["timer_step"] > _COARSE:
        yield CheckupFinding(
            "timer", NOTE, f"the timer steps by {1e6 * facts['timer_step']:.1f} us",
            "use more items for short work, so that a sample lasts a thousand steps",
        )  # fmt: skip
    if facts["governor"] not in {None, "performance"}:
        yield CheckupFinding(
            "governor", NOTE, f"the processor's governor is {facts['governor']}: speed follows load",
            "'cpupower frequency-set -g performance', as root, makes times steadier",
        )  # fmt: skip


def conclude(findings: Sequence[CheckupFinding]) -> str:
    """Say whether this machine can show concurrency and parallelism; if not, why, and what to do."""
    worst = {ability: _worst([one for one in findings if one.about in about]) for ability, about in _ABILITIES.items()}
    load = _worst([finding for finding in findings if finding.about == "load"])
    can, cannot, undecided = (
        [ability for ability, finding in worst.items() if finding.status == status] for status in (OK, BAD, UNKNOWN)
    )
    able = f"can show {' and '.join(can)}" if can else ""
    sentences = []
    if cannot:
        unable = f"cannot show {' or '.join(cannot)}"
        why = worst[cannot[0]]
        sentences.append(f"This machine {' but '.join(filter(None, [able, unable]))}: {why.text}; {why.advice}.")
    if load.status == BAD:
        sentences.append(f"Measurements taken here now would not be reliable: load; {load.text}: {load.advice}.")
    if sentences:
        return " ".join(sentences)
    if undecided:
        first = f"This machine {able}; whether it" if able else "Whether this machine"
        advice = worst[undecided[0]].advice
        return f"{first} can show {' and '.join(undecided)} could not be decided in the time allowed: {advice}."
    return f"This machine {able}."


def _worst(findings: Sequence[CheckupFinding]) -> CheckupFinding:
    """The finding with the worst status, which decides."""
    return max(findings, key=lambda finding: [NOTE, OK, UNKNOWN, BAD].index(finding.status))
