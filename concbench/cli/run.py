"""`concbench run`: measure workloads under runners."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from concbench.cli import configuration, functions, workloads
from concbench.cli.color import add_color
from concbench.cli.output import (
    Output,
    add_format,
    as_typed,
    chosen_format,
    excluded_with,
    present,
    require_different,
    say,
    shortened,
)
from concbench.cli.page import PageFile, add_page
from concbench.cli.split import SplitFiles, add_split
from concbench.cli.summary import SummaryFile, add_summary
from concbench.cli.values import reading
from concbench.errors import UsageError
from concbench.exit_codes import FAILED, INTERRUPTED, MISSED, OK, UNDECIDED, worst
from concbench.values import COUNTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from concbench.gate.judging import Judgement
    from concbench.harness.planning.plan import Plan
    from concbench.results.records import RunRecord
    from concbench.run import Run

_ALONE = 8.0
"""Budget in seconds for each workload, if neither a command nor a limit is given."""
_EXCLUDES = {"why": {"observe"}, "output": {"resume"}}
"""Options that exclude each other, beside those in the declarations of measuring and printing."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("workloads", nargs="+", metavar="WORKLOAD", help="a workload that "
                        "'concbench list' shows, with settings if you like (NAME:KEY=VALUE,KEY=VALUE), or a function "
                        "of your own: module:function")  # fmt: skip
    parser.add_argument("-r", "--runner", action="append", dest="runners", metavar="SPEC",
                        help="such as thread-pool, thread-pool:32, process-pool:workers=2,start_method=spawn; "
                        "repeatable (default: every runner)")  # fmt: skip
    parser.add_argument("-w", "--workers", type=reading(COUNTS), metavar="N,N", help="try these numbers of workers")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the raw results, after every round")
    parser.add_argument("--force", action="store_true", help="overwrite FILE, and the files in DIR")
    parser.add_argument("--resume", metavar="FILE", help="resume an interrupted run of this command from its "
                        "results file, and write to that file again")  # fmt: skip
    add_format(parser)
    add_page(parser)
    add_split(parser)
    add_summary(parser)
    parser.add_argument("--why", action="store_true", help="say for every runner where its workers' time went")
    parser.add_argument("--require", action="append", metavar="TEXT", help="exit with code 3 unless this holds, such "
                        "as 'thread-pool:2 >= 1.5x' or 'memory thread-pool:8 <= 500MB'; repeatable")  # fmt: skip
    parser.add_argument("--strict", action="store_true", help="exit with code 4 if any requirement is undecided; "
                        "without requirements, if a verdict is undecided except of runners far behind or "
                        "close")  # fmt: skip
    parser.set_defaults(alone=False)
    add_color(parser)
    functions.add_arguments(parser)
    workloads.add_arguments(parser)
    configuration.add_arguments(parser)


def main(arguments: argparse.Namespace) -> int:
    """Measure, write, print; returns the exit code."""
    configured = configuration.configure(
        arguments,
        workloads.declarations(),
        lambda name: workloads.applies(name, arguments),
        lambda name, value: _EXCLUDES.get(name, set()) | excluded_with(name, value),
    )
    if arguments.require and arguments.max_rounds is None and arguments.rounds is None:
        from concbench.requirements import MAX_ROUNDS

        arguments.max_rounds = MAX_ROUNDS
    if arguments.alone and arguments.budget is None and arguments.rounds is None:
        arguments.budget = _ALONE
    with configured.naming_the_file():
        chosen = chosen_format(arguments)
        split = SplitFiles(arguments.split, force=arguments.force, format=chosen)
        summary = SummaryFile(arguments.summary)
        page = PageFile(arguments.html, force=arguments.force)
        plans, output, earlier = _prepared(arguments)
        require_different({"--output": output.path, "--html": page.path, "--summary": summary.path})
        split.require_writable((cell.id for plan in plans for cell in plan.cells), beside=output.path)
        summary.require_writable()
        page.require_writable()
    printed = "text" if split.directory else chosen
    output.announce(printed)

    from concbench.campaign import measure_plans
    from concbench.cli.cache import keep
    from concbench.cli.progress import progress
    from concbench.gate.judging import judge_run, with_judgements
    from concbench.harness.hosts.launcher import ProcessHosts

    with progress(arguments.color, shown=not arguments.quiet) as show:
        listen = configured.with_announcement(output.listener(show))
        with configured.naming_the_file():
            run = measure_plans(plans, ProcessHosts(say), listen, earlier, configured.record, as_typed(arguments))
    output.save(run.record)
    keep(run.record)
    judgements = judge_run(run, [one.requirements for one in plans])
    run_with_judgements = with_judgements(run, judgements)
    document = shortened(run_with_judgements.document(why=arguments.why, details=arguments.details), arguments)
    try:
        # JSON is the results file itself, which can be resumed.
        present(run.document() if printed == "json" else document, printed, arguments.color)
    finally:
        output.complain()
        sentences = [one.sentences for one in judgements]
        written = [split.write(document), summary.append(document, sentences), page.write_document(document)]
    for one in judgements:
        if one.missed or one.undecided:
            say(one.sentences)
    if run.record.interrupted and output.path is not None and not output.error:
        say(f"to continue, repeat the command with --resume {output.path}")
    return worst(
        INTERRUPTED if run.record.interrupted else OK,
        FAILED if output.error or not run.ok or not all(written) else OK,
        MISSED if any(one.missed for one in judgements) else OK,
        UNDECIDED if arguments.strict and _undecided(run, judgements) else OK,
    )


def _undecided(run: Run, judgements: Sequence[Judgement]) -> bool:
    """Whether a requirement is undecided or, without requirements, a measured runner has no verdict.

    A runner that is far behind the fastest, or within 10 % of the baseline, needs none.
    """
    from concbench.stats import verdicts

    if judgements:
        return any(one.undecided for one in judgements)
    return any(
        cell is not table.baseline
        and cell.seconds is not None
        and cell.verdict in {"", verdicts.UNDECIDED}
        and not (cell.far_behind or cell.close)
        for table in run
        for cell in table.cells
    )


def _prepared(arguments: argparse.Namespace) -> tuple[list[Plan], Output, RunRecord | None]:
    """The plans, the output file and the run to resume; nothing has run if this raises."""
    earlier = _earlier(arguments)
    output = Output(arguments.resume or arguments.output, force=arguments.force or earlier is not None)
    plans = _plans(arguments)
    output.require_writable()
    return plans, output, earlier


def _earlier(arguments: argparse.Namespace) -> RunRecord | None:
    """The run to resume; its seed becomes that of the whole run."""
    if arguments.resume is None:
        return None
    if arguments.output not in {None, arguments.resume}:
        raise UsageError("--resume writes to the file that it resumes; leave out --output")
    from concbench.results.files import load

    record = load(arguments.resume)
    if arguments.seed is None:
        arguments.seed = record.seed
    return record


def _plans(arguments: argparse.Namespace) -> list[Plan]:
    """Plan every workload; nothing has run or been written if this raises."""
    if arguments.why and arguments.observe is False:
        raise UsageError("--why needs the observed pass, which --no-observe skips")
    from concbench.harness.planning.plan import plan
    from concbench.harness.planning.runner_specs import default_runners, with_workers
    from concbench.requirements import Requirement
    from concbench.variants import newest_python

    workloads.require_applicable(arguments)
    options = functions.fill_in(arguments)
    measured = workloads.chosen_workloads(arguments, options)
    specs = arguments.runners or default_runners(newest_python(options))
    if arguments.workers:
        tried = with_workers(specs, arguments.workers)
        if tried == specs:
            raise UsageError(
                f"--workers has nothing to try: {', '.join(specs)} have no workers, or set their number already"
            )
        specs = tried
    requirements = [Requirement.read(text) for text in arguments.require or []]
    return [plan(workload, specs, options, requirements) for workload in measured]
