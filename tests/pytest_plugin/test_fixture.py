"""The fixture: passes, failures, skips, messages and reports. Played without a clock."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_suites import Suite

from concbench import load


def said(result: pytest.RunResult) -> str:
    return result.stdout.str()


def test_a_requirement_passes_fails_or_is_undecided(suite: Suite) -> None:
    """They give an assertion with the rows, a skip with the reason, and a summary with a line per test and counts."""
    result = suite(
        """
def test_passes(concbench):
    scaling = measured(concbench, [0.5])
    scaling.require("thread-pool:2", at_least=1.5)
    assert scaling["thread-pool:2"].speedup == 2.0

def test_fails(concbench):
    measured(concbench, [0.9]).require("thread-pool:2", at_least=1.5)

def test_is_undecided(concbench):
    measured(concbench, [0.5, 0.9], max_rounds=6, budget=100).require("thread-pool:2", at_least=1.5)
""",
        "-rs",
    )
    result.assert_outcomes(passed=1, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "E *AssertionError: test_it:double: thread-pool:2 >= 1.5x: failed, 1.11x *",
            "E * runner *time *speed-up *",
            "E * thread-pool(2) *900 ms *1.11x *",
            "test_it.py::test_passes: thread-pool:2 >= 1.5x: passed, 2.00x *",
            "test_it.py::test_fails: thread-pool:2 >= 1.5x: failed, 1.11x *",
            "test_it.py::test_is_undecided: thread-pool:2 >= 1.5x: undecided, *",
            "requirements: 1 passed, 1 failed, 1 undecided; *",
            "SKIPPED *test_it.py:*thread-pool:2 >= 1.5x: undecided*The maximum number of rounds was reached*",
        ],
        consecutive=False,
    )  # fmt: skip
    assert "gate/" not in said(result)


@pytest.mark.parametrize(
    ("option", "outcomes"),
    [("skip", {"skipped": 1}), ("fail", {"failed": 1}), ("pass", {"passed": 1})],
)
@pytest.mark.parametrize("place", ["option", "ini"])
def test_what_becomes_of_the_undecided_is_ones_own_choice(
    suite: Suite, option: str, outcomes: dict[str, int], place: str
) -> None:
    """The option is on the command line or in the file."""
    test = """
def test_is_undecided(concbench):
    measured(concbench, [0.5, 0.9], max_rounds=6, budget=100).require("thread-pool:2", at_least=1.5)
"""
    given = [f"--concbench-undecided={option}"] if place == "option" else ["-o", f"concbench_undecided={option}"]
    result = suite(test, *given)
    result.assert_outcomes(**outcomes)
    assert "1 undecided" in said(result)


def test_an_undecided_requirement_hides_no_later_failure(suite: Suite) -> None:
    """The test goes on."""
    result = suite("""
def test_two(concbench):
    scaling = measured(concbench, [0.5, 0.9], max_rounds=6, budget=100)
    scaling.require("thread-pool:2", at_least=1.5)
    scaling.require("thread-pool:2", at_least=1000)
""")
    result.assert_outcomes(failed=1)


def test_a_second_requirement_goes_on_with_what_was_measured(suite: Suite) -> None:
    """Rounds are added to the existing ones, and a report has all of them once."""
    result = suite(
        """
import random

def test_two(concbench):
    draw = random.Random(3)
    means = {"sequential": 1.0, "thread-pool:2": 0.5}
    hosts = SimulatedHosts(lambda label, _: means[label] * draw.lognormvariate(0, 0.02))
    scaling = measured(concbench, [], hosts=hosts, budget=1000)
    scaling.require("thread-pool:2", at_least=1.2)
    first = scaling["thread-pool:2"].rounds
    scaling.require("thread-pool:2", at_least=1.2)
    assert scaling["thread-pool:2"].rounds == first
    scaling.require("thread-pool:2", at_most=2.2)
    assert scaling["thread-pool:2"].rounds > first
    assert not [note for note in scaling.run.tables[0].notes if "resumed" in note]
""",
        "--concbench-json=out.json",
    )
    result.assert_outcomes(passed=1)
    (table,) = load("out.json").tables
    assert len({sample.round for sample in table.cells[0].samples}) == table.rounds


def test_what_a_busy_machine_leaves_undecided_is_not_measured_again(suite: Suite) -> None:
    """Its ratio is known; only a further requirement needs more of it."""
    result = suite(
        """
from concbench.gate import scaling as module

def test_busy(concbench, monkeypatch):
    begun = []
    carried_out = module.measure_plans
    monkeypatch.setattr(module, "measure_plans", lambda *given: begun.append(1) or carried_out(*given))
    monkeypatch.setattr("concbench.gate.judging._disturbances", lambda cell, table: ["others took the cores"])
    scaling = measured(concbench, [], hosts=SimulatedHosts({"sequential": [1.0], "thread-pool:2": [0.99]}))
    scaling.require("thread-pool:2", at_least=1.5)
    assert len(begun) == 1
""",
        "-rs",
    )
    result.assert_outcomes(skipped=1)
    assert "The figures alone say failed, but others took the cores" in said(result)


def test_options_come_from_the_call_the_marker_the_command_line_and_the_file_in_this_order(suite: Suite) -> None:
    """Times may be texts."""
    result = suite(
        """
def budget(concbench, **options):
    return measured(concbench, [0.5], **options).run.tables[0].options["budget"]

@pytest.mark.concbench(budget="4s")
def test_all(concbench):
    assert budget(concbench, budget="3s") == 3
    assert budget(concbench) == 4

def test_without_marker(concbench):
    assert budget(concbench) == 5

@pytest.mark.concbench(runners=["sequential"], rounds=3)
def test_runners_of_the_marker(concbench):
    assert len(measured(concbench, [0.5], runners=None).run.tables[0].cells) == 1
""",
        "--concbench-budget=5s", "-o", "concbench_budget=6s",
    )  # fmt: skip
    result.assert_outcomes(passed=3)


WRONG = {
    "nothing": ("require('thread-pool:2')", "nothing is required of thread-pool:2"),
    "another": ("require('threads', at_least=2)", "the runner threads of the requirement 'threads >= 2x' is not among"),
    "itself": ("require('sequential', at_least=1)", "compares sequential with itself"),
    "against": ("require('thread-pool:2', at_least=3, at_most=2)", "contradict each other"),
    "kind": ("require('thread-pool:2', at_least='fast')", "at_least must be a number such as 1.5, not 'fast'"),
    "figure": ("run[0]['threads']", "has no cell 'threads'"),
}


def test_what_cannot_be_required_is_one_line_at_the_line_of_the_test(suite: Suite) -> None:
    """Nothing has run then."""
    tests = "".join(
        f"\ndef test_{name}(concbench):\n    measured(concbench, [0.5]).{call}\n" for name, (call, _) in WRONG.items()
    )
    result = suite(tests)
    result.assert_outcomes(failed=len(WRONG))
    for _, message in WRONG.values():
        assert message in said(result)


BAD = {
    "option": ("budgets=3", "concbench() has the options"),
    "value": ("budget='soon'", "is not a time such as"),
    "together": ("rounds=3, budget='1s'", "exclude each other"),
    "empty": ("items=iter(())", "there are no items"),
    "runner": ("runners=['thread-pol']", "did you mean 'thread-pool'"),
}


def test_what_cannot_be_measured_is_one_line_at_the_line_of_the_test(suite: Suite) -> None:
    """The frames of this package are not shown."""
    tests = "".join(
        f"\ndef test_{name}(concbench):\n    concbench(double, **{{'items': [1], **dict({given})}})\n"
        for name, (given, _) in BAD.items()
    )
    result = suite(tests)
    result.assert_outcomes(failed=len(BAD))
    for _, message in BAD.values():
        assert message in said(result)
    assert "arguments.py" not in said(result)


def test_a_marker_takes_options_by_name(suite: Suite) -> None:
    """An argument without a name would be ignored."""
    result = suite("@pytest.mark.concbench('5s')\ndef test_it(concbench):\n    pass\n")
    result.assert_outcomes(errors=1)
    assert "takes options by name, such as budget='5s'" in said(result)


def test_a_function_that_raises_fails_the_gate_with_its_exception(suite: Suite) -> None:
    """It does so once, and nothing hangs."""
    result = suite("""
def test_raises(concbench):
    hosts = SimulatedHosts({"sequential": [1.0], "thread-pool:2": [ValueError("no such thing")]})
    measured(concbench, [], hosts=hosts).require("thread-pool:2", at_least=1.5)
""")
    result.assert_outcomes(failed=1)
    assert "thread-pool(2) failed: no such thing." in said(result)


def test_the_fixture_serves_twice_in_a_test_with_parameters_and_with_generators(suite: Suite) -> None:
    """Each call is a measurement of its own."""
    result = suite("""
def test_twice(concbench):
    measured(concbench, [0.5]).require("thread-pool:2", at_least=1.5)
    measured(concbench, [0.25]).require("thread-pool:2", at_least=3)

@pytest.mark.parametrize("seconds", [0.5, 0.25])
def test_each(concbench, seconds):
    scaling = measured(concbench, [seconds], items=(number for number in range(4)))
    scaling.require("thread-pool:2", at_least=1.5)
    scaling.require("thread-pool:2", at_most=5)
    assert scaling.run.tables[0].tasks == 4
""")
    result.assert_outcomes(passed=3)
    assert "requirements: 6 passed" in said(result)


def test_reports_have_every_test_and_are_written_though_one_fails(suite: Suite) -> None:
    """The reports are a results file, Markdown, and properties for JUnit's XML."""
    result = suite(
        """
def test_one(concbench):
    measured(concbench, [0.5]).require("thread-pool:2", at_least=1.5)

def test_other(concbench):
    measured(concbench, [0.9]).require("thread-pool:2", at_least=1.5)
""",
        "--concbench-json=out.json", "--concbench-markdown=out.md", "--junitxml=out.xml",
    )  # fmt: skip
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    run = load("out.json")
    assert [note for table in run.tables for note in table.notes if note.startswith("Measured by")] == [
        "Measured by test_it.py::test_one.", "Measured by test_it.py::test_other.",
    ]  # fmt: skip
    assert Path("out.md").read_text("utf-8").count("Required: thread") == 2
    xml = Path("out.xml").read_text("utf-8")
    assert re.search(r'<property name="concbench_passed" value="thread-pool:2 &gt;= 1.5x: passed, 2.00x ', xml)
    assert 'name="concbench_failed"' in xml


def test_what_another_fixture_requires_is_reported_though_the_test_is_not_called(suite: Suite) -> None:
    """The figures are in the report once, and so is the line in the summary."""
    result = suite(
        """
import pytest

@pytest.fixture
def scaling(concbench):
    hosts = SimulatedHosts({"sequential": [1.0], "thread-pool:2": [0.99]})
    found = measured(concbench, [], hosts=hosts)
    found.require("thread-pool:2", at_least=1.5)
    return found

def test_it(scaling):
    pass
""",
        "--concbench-json=out.json",
    )
    result.assert_outcomes(errors=1)
    assert "::test_it: thread-pool:2 >= 1.5x: failed" in said(result)
    assert "requirements: 1 failed" in said(result)
    assert len(load("out.json").tables) == 1


@pytest.mark.parametrize("name", ["no/such/out.json", "."])
def test_a_report_that_cannot_be_written_is_refused_before_a_test_runs(suite: Suite, name: str) -> None:
    """There is one line; pytest uses its own code for usage errors."""
    result = suite("def test_it(concbench):\n    assert False\n", f"--concbench-json={name}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *"])
    assert "Traceback" not in result.stderr.str()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--concbench-only", "--concbench-skip"], "exclude each other"),
        (["--concbench-budget=soon"], "--concbench-budget: 'soon' is not a time"),
        (["-o", "concbench_undecided=maybe"], "concbench_undecided must be one of skip, fail, pass"),
        (["--concbench-json=t", "--concbench-markdown=./t"], "are both t; name two files"),
    ],
)
def test_options_that_cannot_be_are_usage_errors_of_pytest(suite: Suite, options: list[str], message: str) -> None:
    """Each is one line."""
    result = suite("def test_it(): pass\n", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str()


def test_tests_that_measure_are_chosen_or_left_out(suite: Suite) -> None:
    """The choice depends on whether they use the fixture."""
    tests = """
def test_measures(concbench):
    measured(concbench, [0.5]).require("thread-pool:2", at_least=1.5)

def test_other():
    pass
"""
    only, skip = suite(tests, "--concbench-only"), suite(tests, "--concbench-skip")
    for result in (only, skip):
        result.assert_outcomes(passed=1, deselected=1)
    assert ("test_measures" in said(only), "requirements" in said(skip)) == (True, False)


ONCE = """
calls = []

def count(number):
    calls.append(number)
    return number

def unsafe(number):
    calls.append(number)
    return len(calls)

@pytest.mark.concbench(isolate=False, runners=["sequential", "thread-pool:2"])
class TestOnce:
    def test_safe(self, concbench):
        concbench(count, items=[1, 2]).require("thread-pool:2", at_least=1000)
        assert len(calls) == 6  # the reference and two runners

    def test_unsafe(self, concbench):
        calls.clear()
        concbench(unsafe, items=[1, 2]).require("thread-pool:2", at_least=1000)
"""


def test_where_it_is_disabled_every_runner_runs_once_and_results_are_compared(suite: Suite) -> None:
    """No time is judged; differing results fail, or cannot be compared if they vary by themselves."""
    result = suite(ONCE, "--concbench-disable", "--concbench-json=out.json", "-p", "no:randomly")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*::test_safe: equal results: passed*"])
    assert "confidence" not in said(result)
    assert "so out.json was not written" in said(result)
    assert not Path("out.json").exists()


def test_what_is_asked_nothing_is_asked_for_equal_results(suite: Suite) -> None:
    """No call is without an effect."""
    result = suite("def test_it(concbench):\n    measured(concbench, [ValueError('no')])\n")
    result.assert_outcomes(failed=1)
    assert "equal results: failed" in said(result)


def test_a_function_of_the_test_itself_is_measured_in_this_process_and_that_is_said(suite: Suite) -> None:
    """Options that need processes are refused then."""
    result = suite("""
def test_inner(concbench, tmp_path):
    def inner(number):
        return number, tmp_path.name
    concbench(inner, items=[1, 2], runners=["sequential", "thread-pool:2"]).require_equal_results()

def test_refused(concbench, tmp_path):
    concbench(lambda number: number, items=[1, 2], timeout="3s")
""")
    result.assert_outcomes(passed=1, failed=1)
    assert "equal results: passed (measured in this process)" in said(result)
    assert "timeout needs processes, but everything is measured in this one" in said(result)


def test_an_interruption_ends_the_session_and_what_was_measured_before_is_written(suite: Suite) -> None:
    """Ctrl-C acts as in any test."""
    result = suite(
        """
def test_before(concbench):
    measured(concbench, [0.5]).require("thread-pool:2", at_least=1.5)

def interrupt(label, number):
    if number:
        raise KeyboardInterrupt
    return 1.0

def test_interrupted(concbench):
    measured(concbench, [], hosts=SimulatedHosts(interrupt)).require("thread-pool:2", at_least=1.5)
""",
        "--concbench-json=out.json",
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert len(load("out.json").tables) == 1


def test_the_reference_has_the_options_of_the_plug_in_and_no_others(suite: Suite) -> None:
    """The reference also has the two options of the configuration file."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "pytest.md").read_text("utf-8")
    there = set(re.findall(r"--concbench-[a-z]+", said(suite("", "--help"))))
    assert there == set(re.findall(r"^\| `(--concbench-[a-z]+)", page, flags=re.MULTILINE))
    assert all(f"`{name}`" in page for name in ("concbench_budget", "concbench_undecided"))


def test_a_start_of_pytest_pays_for_nothing_that_it_does_not_use() -> None:
    """It imports neither numpy nor any of our modules except the plug-in."""
    program = (
        "import pytest, sys; before = set(sys.modules); import concbench.pytest_plugin; "
        "print(sorted(set(sys.modules) - before))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert json.loads(found.stdout.replace("'", '"')) == ["concbench", "concbench.pytest_plugin"]
