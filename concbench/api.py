"""The library's front door: measure() and advise(). What they take to do it is imported when they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from concbench.errors import UsageError
from concbench.options import AdviseOptions, MeasureOptions, filled
from concbench.run import Advice, Run, load
from concbench.task import short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from concbench.campaign import Told
    from concbench.harness.hosts import Hosts
    from concbench.runners.base import Runner
    from concbench.workloads.base import Workload

__all__ = ["Advice", "Run", "advise", "load", "measure"]


def measure(
    *workloads: str | Workload | Callable[..., Any],
    items: Iterable[Any] | None = None,
    runners: Sequence[str | Runner] | None = None,
    isolate: bool | None = None,
    hosts: Hosts | None = None,
    listen: Callable[[Told], None] | None = None,
    resume: Run | None = None,
    **options: Unpack[MeasureOptions],
) -> Run:
    """Measure workloads under runners, results compared first.

    Args:
        workloads: names (`"download"`, `"primes"`), instances (`Download(images=100)`), functions of your own (with
            `items`), or where those are found (`"app:fetch"`).
        items: what functions are called on, once each in an execution; None: they take no arguments.
        runners: as on the command line (`"thread-pool:32"`) or instances; None: every runner with its defaults.
        isolate: take the samples of each cell in a process of its own. False: in this one, which protects from
            nothing: a crash ends the program and a leak is everybody's, and fresh, timeout and memory_limit are
            refused. None: in processes, unless a function could not be found there (it is a lambda, or defined in the
            main program).
        hosts: where samples are taken instead, such as `concbench.testing.SimulatedHosts`; leave out isolate then.
        listen: called with each Step before it is taken, with the RunRecord so far after the warm-up, each round and
            the observed passes, and before the first call with a CallsPlanned for each workload: how often it will be
            called at least, and how many calls may be in progress at the same time. There may be more kinds of events
            one day: look at the type.
        resume: an earlier run of the same, on the same machine, that was interrupted (`load("run.json")`): its whole
            rounds count, and its seed is taken.
        **options: how to measure, and how functions are called: `MeasureOptions` says what each means.

    Returns:
        The run; if it was interrupted (Ctrl-C), what there is, with `record.interrupted` set.

    Raises:
        KeyboardInterrupt: it was interrupted before there was anything.
        UsageError: something that was asked for cannot be; nothing has run then.
    """
    from concbench import arguments
    from concbench.campaign import measure_plans
    from concbench.harness.plan import plan
    from concbench.launch import require_possible

    require_possible()
    arguments.require_known("measure", options, MeasureOptions)
    if resume is not None:
        if not isinstance(resume, Run):
            raise UsageError(f"resume must be a run, not {short(resume)}: write resume=load('run.json')")
        if options.get("seed") is None:
            options["seed"] = resume.record.seed
    chosen = filled({**options, "items": items})
    specs = arguments.runners_of(runners, chosen)
    if not workloads:
        raise UsageError("no workload: name at least one, such as 'download' or 'primes', or give a function")
    plans = [plan(workload, specs, chosen) for workload in arguments.workloads_of(workloads, items, options, chosen)]
    hosts = arguments.hosts_for([one.workload for one in plans], isolate, hosts, chosen)
    return measure_plans(plans, hosts, listen, resume.record if resume else None)


def advise(
    function: str | Workload | Callable[..., Any],
    *,
    items: Iterable[Any] | None = None,
    isolate: bool | None = None,
    hosts: Hosts | None = None,
    listen: Callable[[Told], None] | None = None,
    **options: Unpack[AdviseOptions],
) -> Advice:
    """Find out how a function is best run over its items: which runner, how many workers, how much faster.

    Runners and numbers of workers race against each other; those that are behind are dropped. What is advised is the
    simplest of those that are as good as the best, and the headline says if it
    looks so and was not proved.

    Args:
        function: as for `measure`.
        items: what it is called on.
        isolate: as for `measure`.
        hosts: as for `measure`.
        listen: as for `measure`; and before anything else a LookPlanned: at how many calls it is looked
            first; and a LessPlanned if the budget does not allow all of the race.
        **options: those of `measure`, but for what the race decides by itself: `AdviseOptions` says what each means.

    Raises:
        UsageError: something that was asked for cannot be, or the function fails.
    """
    from concbench.harness.awake import AWAKE

    began = AWAKE.now()
    from concbench import arguments
    from concbench.campaign import advise_workload
    from concbench.harness.loading import BUDGET_ALLOWS
    from concbench.launch import require_possible

    require_possible()
    arguments.require_known("advise", options, AdviseOptions)
    chosen = filled({**options, "items": items})
    (workload,) = arguments.workloads_of([function], items, options, chosen)
    hosts = arguments.hosts_for([workload], isolate, hosts, chosen, BUDGET_ALLOWS)
    return advise_workload(workload, chosen, hosts, listen, began=began)
