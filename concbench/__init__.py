"""concbench: the same work under every way Python has of doing things at once, measured fairly.

The layers of the package; imports point down this list, never up:

    cli            one file per command; the only part that prints and exits       pytest_plugin
    api            measure() and advise()       gate      requirements of runners, and their decision
    campaign  carries plans out     arguments  the arguments of measure() and advise()
    run            the results of measure() and advise()
    options        every option, declared once                testing    the laws of runners; simulated hosts (public)
    report         presentation of results
    advice         explanations of the figures                harness    plan, hosts, rounds, stopping, environment
    analysis       figures derived from raw results           host       the measuring process    requirements
    runners        ways of executing tasks, one file each     workloads  the work to execute
    registry       names          results   raw records                 stats   arrays in, numbers out       checks
    sealing        results on their way through foreign pools
    task           code that workers import    traits   of runners    observing    equality    machine    launch
    units          figures formatted for users                wire      messages between our processes    errors

The words have one meaning each: docs/glossary.md. How to add something: docs/contributing.md.

Modules are imported on demand: `import concbench` takes a few milliseconds and imports no third-party package.
"""

TYPE_CHECKING = False  # importing it from typing would take most of the time of this import

__version__ = "0.2.0.dev0"

_PUBLIC = {
    "Asyncio": "concbench.runners.asyncio",
    "Advice": "concbench.run",
    "AdviseOptions": "concbench.options",
    "BatchedThreads": "concbench.runners.batched_threads",
    "CellAnalysis": "concbench.analysis.cell_analysis",
    "ConcbenchError": "concbench.errors",
    "Download": "concbench.workloads.download.workload",
    "Executor": "concbench.runners.executor",
    "InterpreterPool": "concbench.runners.interpreter_pool",
    "MeasureOptions": "concbench.options",
    "MpPool": "concbench.runners.mp_pool",
    "Primes": "concbench.workloads.primes",
    "ProcessPool": "concbench.runners.process_pool",
    "Processes": "concbench.runners.processes",
    "Run": "concbench.run",
    "Runner": "concbench.runners.base",
    "Sequential": "concbench.runners.sequential",
    "Tally": "concbench.workloads.base",
    "TableAnalysis": "concbench.analysis.table_analysis",
    "ThreadPool": "concbench.runners.thread_pool",
    "Threads": "concbench.runners.threads",
    "ToThread": "concbench.runners.to_thread",
    "Workload": "concbench.workloads.base",
    "advise": "concbench.api",
    "load": "concbench.run",
    "measure": "concbench.api",
}

__all__ = (  # noqa: PLE0604 - the names are strings; ruff cannot see through the star
    "__version__",
    *_PUBLIC,
)

if TYPE_CHECKING:
    from concbench.analysis.cell_analysis import CellAnalysis as CellAnalysis
    from concbench.analysis.table_analysis import TableAnalysis as TableAnalysis
    from concbench.api import advise as advise
    from concbench.api import measure as measure
    from concbench.errors import ConcbenchError as ConcbenchError
    from concbench.options import AdviseOptions as AdviseOptions
    from concbench.options import MeasureOptions as MeasureOptions
    from concbench.run import Advice as Advice
    from concbench.run import Run as Run
    from concbench.run import load as load
    from concbench.runners.asyncio import Asyncio as Asyncio
    from concbench.runners.base import Runner as Runner
    from concbench.runners.batched_threads import BatchedThreads as BatchedThreads
    from concbench.runners.executor import Executor as Executor
    from concbench.runners.interpreter_pool import InterpreterPool as InterpreterPool
    from concbench.runners.mp_pool import MpPool as MpPool
    from concbench.runners.process_pool import ProcessPool as ProcessPool
    from concbench.runners.processes import Processes as Processes
    from concbench.runners.sequential import Sequential as Sequential
    from concbench.runners.thread_pool import ThreadPool as ThreadPool
    from concbench.runners.threads import Threads as Threads
    from concbench.runners.to_thread import ToThread as ToThread
    from concbench.workloads.base import Tally as Tally
    from concbench.workloads.base import Workload as Workload
    from concbench.workloads.download.workload import Download as Download
    from concbench.workloads.primes import Primes as Primes


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'concbench' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
