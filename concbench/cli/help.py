"""`concbench help`: pages on a topic, and the help of each command."""

from __future__ import annotations

import argparse

from concbench.cli.commands import COMMANDS, parsers
from concbench.cli.output import printing
from concbench.exit_codes import OK
from concbench.pages import address

READING = f"""\
runner    with its settings in brackets. The fastest group is on top; apart from
          that, rows are in the order of their times.
          *: statistically tied with the fastest.
time      of one execution, which is every task once: the median of the rounds.
          Cold, as by default: workers and connections are fresh for each
          execution, timed from start to stop. Warm (--warm): they are kept, and
          only the work is timed.
speed-up  how many times as fast as the baseline: the typical ratio of the times
          within a round. Below 1 is slower.
          [low, high]: its confidence interval. All intervals of a table hold at
          once with 95 % confidence, under the conditions of this run.
bar       the same on a logarithmic axis: a point for the speed-up, whiskers for
          the interval, a line at 1x. An arrow: it goes on beyond the axis.
verdict   faster, slower, same (within 5 %) or undecided: the interval allows
          none of the others. baseline: what the others are compared with.

With --details, and on a wide terminal:

rounds    rounds in which it was measured; a runner rests once enough is known
          about it
workers   most tasks in progress at once
start-up  time until every worker had begun a task
cores     cores kept busy: near 0, the work waits; near 1, one core computes
memory    peak memory of all processes of the runner together

The last four are from one more execution, in which every task was recorded.

Results were checked: those of all runners with times are equal, unless a line
below the table says that they were not compared. A runner without a row failed
or cannot do this work, as a line says. The load of other processes is mentioned
if it was enough to change ratios.

concbench show --details    all figures of the last run; nothing is measured
concbench show --why        where the workers' time went
{address("methodology")}
"""
TOPICS = {"reading": ("how to read a table", READING)}
"""What each topic is about, and its page."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the argument."""
    parser.add_argument("topic", nargs="?", metavar="TOPIC", choices=(*TOPICS, *COMMANDS),
                        help=f"{', '.join(TOPICS)}, or a command")  # fmt: skip


@printing()
def main(arguments: argparse.Namespace) -> int:
    """Print a page, the help of a command, or that of the program with the topics; returns the exit code."""
    topic = arguments.topic
    if topic in TOPICS:
        print(TOPICS[topic][1], end="")
        return OK
    program, commands = parsers([topic] if topic else [])
    print((commands[topic] if topic else program).format_help(), end="")
    if not topic:
        lines = "".join(f"  {name:<19} {about}\n" for name, (about, _) in TOPICS.items())
        print(f"\ntopics of 'concbench help TOPIC':\n{lines}", end="")
    return OK
