"""The main functions of the library, measure() and advise(), which import the modules they need when called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from concbench.errors import UsageError
from concbench.options import AdviseOptions, MeasureOptions, filled
from concbench.run import Advice, Run, load
from concbench.task import short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from concbench.campaign import ListenerEvent
    from concbench.harness.hosts.base import Hosts
    from concbench.runners.base import Runner
    from concbench.workloads.base import Workload

__all__ = ["Advice", "Run", "advise", "load", "measure"]


def measure(
    *workloads: str | Workload | Callable[..., Any],
    items: Iterable[Any] | None = None,
    runners: Sequence[str | Runner] | None = None,
    isolate: bool | None = None,
    hosts: Hosts | None = None,
    listen: Callable[[ListenerEvent], None] | None = None,
    resume: Run | None = None,
    **options: Unpack[MeasureOptions],
) -> Run:
    """Measure workloads under runners, after checking that all give the same results.

    Args:
        workloads: names (`"download"`, `"primes"`), instances (`Download(images=100)`), functions of your own (with
            `items`), or the places of functions (`"app:fetch"`).
        items: the items that functions are called on, once each in an execution; None: functions take no arguments.
        runners: specifications as on the command line (`"thread-pool:32"`) or instances; None: every runner with its
            defaults.
        isolate: whether to take the samples of each cell in a separate process. False: in this process, without
            protection: a crash ends the program, a leak affects every cell, and fresh, timeout and memory_limit are
            rejected. None: in processes, unless a function cannot be imported there (a lambda, or a function defined in
            the main program).
        hosts: other hosts that take the samples, such as `concbench.testing.SimulatedHosts`; excludes isolate.
        listen: called with each Step before it begins; with the RunRecord so far after the warm-up, each round and the
            observed passes; and, before the first call, with a CallsPlanned for each workload: the least number of
            calls, and the most calls in progress at the same time. More kinds of events may be added: check the type.
        resume: an interrupted earlier run of the same plan on the same machine (`load("run.json")`): its whole rounds
            count, and its seed is used.
        **options: how to measure, and how functions are called; `MeasureOptions` describes each.

    Returns:
        The run; if it was interrupted (Ctrl-C), the part that was measured, with `record.interrupted` set.

    Raises:
        KeyboardInterrupt: it was interrupted before anything was measured.
        UsageError: an argument is invalid; nothing has run then.
    """
    from concbench import arguments
    from concbench.campaign import measure_plans
    from concbench.harness.planning.plan import plan
    from concbench.launch import require_possible

    require_possible()
    arguments.require_known("measure", options, MeasureOptions)
    if resume is not None:
        if not isinstance(resume, Run):
            raise UsageError(f"resume must be a run, not {short(resume)}: write resume=load('run.json')")
        if options.get("seed") is None:
            options["seed"] = resume.record.seed
    complete_options = filled({**options, "items": items})
    specs = arguments.runners_of(runners, complete_options)
    if not workloads:
        raise UsageError("no workload: name at least one, such as 'download' or 'primes', or give a function")
    measured = arguments.workloads_of(workloads, items, options, complete_options)
    plans = [plan(workload, specs, complete_options) for workload in measured]
    hosts = arguments.hosts_for([planned.workload for planned in plans], isolate, hosts, complete_options)
    return measure_plans(plans, hosts, listen, resume.record if resume else None)


def advise(
    function: str | Workload | Callable[..., Any],
    *,
    items: Iterable[Any] | None = None,
    isolate: bool | None = None,
    hosts: Hosts | None = None,
    listen: Callable[[ListenerEvent], None] | None = None,
    **options: Unpack[AdviseOptions],
) -> Advice:
    """Find the best way to run a function over its items: which runner, how many workers, how much faster.

    Runners and numbers of workers race against each other, and slow ones are dropped. The advice is the simplest
    candidate that is as good as the best; the headline says if that was not proved.

    Args:
        function: a name, an instance, a function of your own, or the place of one, as for `measure`.
        items: the items that the function is called on.
        isolate: whether to take samples in separate processes, as for `measure`.
        hosts: other hosts that take the samples, as for `measure`.
        listen: called with events as for `measure`; also with a LookPlanned before everything else, which has the
            number of calls of the first looks, and with a RaceReduced if the budget does not allow a complete race.
        **options: the options of `measure`, except those that the race decides; `AdviseOptions` describes each.

    Returns:
        The race and the recommendation.

    Raises:
        UsageError: an argument is invalid, or the function fails.
    """
    from concbench.harness.clock import AWAKE

    began = AWAKE.now()
    from concbench import arguments
    from concbench.campaign import advise_workload
    from concbench.harness.hosts.import_wait import BUDGET_TIME_OPTIONS
    from concbench.launch import require_possible

    require_possible()
    arguments.require_known("advise", options, AdviseOptions)
    complete_options = filled({**options, "items": items})
    (workload,) = arguments.workloads_of([function], items, options, complete_options)
    hosts = arguments.hosts_for([workload], isolate, hosts, complete_options, BUDGET_TIME_OPTIONS)
    return advise_workload(workload, complete_options, hosts, listen, began=began)
