"""Formats of other tools: read back by the tool itself if that is Python, otherwise compared with published forms."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_benchmark.cli
from hypothesis import given, settings
from hypothesis import strategies as st
from made_cells import of_rounds, of_seconds, table
from pytest_benchmark.stats import Stats
from test_formats import NAMES, hostile, run_of

from concbench import Run
from concbench.cli.main import main
from concbench.results.records import Cell, Outcome, RunRecord, Sample

Entries = dict[str, Any]


def pyperf() -> Any:
    """The module, which only these tests need."""
    return pytest.importorskip("pyperf", reason="pyperf is not installed: pip install pyperf")


def by_name(entries: list[Entries], key: str) -> Entries:
    """The entries by name; no two have the same name."""
    assert len({entry[key] for entry in entries}) == len(entries)
    return {entry[key]: entry for entry in entries}


READ: dict[str, Callable[[str], Entries]] = {
    "pytest-benchmark": lambda text: by_name(json.loads(text)["benchmarks"], "fullname"),
    "hyperfine": lambda text: by_name(json.loads(text)["results"], "command"),
    "pyperf": lambda text: {one["metadata"]["name"]: one for one in json.loads(text)["benchmarks"]},
    "bencher": json.loads,
    "github-action-benchmark": lambda text: by_name(json.loads(text), "name"),
}
"""Reads the entries of a text of each format, by name."""
SPEEDUPS = "github-action-benchmark"


def cells(factor: float = 1.0) -> list[Cell]:
    return [of_seconds("sequential", factor), of_seconds("thread-pool:2", factor / 2, 1.9)]


def two_tables() -> Run:
    """One runner of one of two tables failed, and another does not apply."""
    failed = replace(of_seconds("threads", 1.0), samples=[], outcome=Outcome("failed", "it broke"))
    never = replace(of_seconds("asyncio:2", 1.0), samples=[], outcome=Outcome("inapplicable", "no coroutine"))
    return run_of(table(*cells(), failed, workload="primes"), table(*cells(3.0), never, workload="download"))


@pytest.mark.parametrize("name", READ)
def test_every_runner_with_times_is_there_for_every_workload(name: str) -> None:
    """It has the name of its workload and its own; runners without times are left out, as are baselines' speed-ups."""
    known = {"primes[thread-pool:2]", "download[thread-pool:2]"}
    baselines = set() if name == SPEEDUPS else {"primes[sequential]", "download[sequential]"}
    assert READ[name](two_tables().to(name)).keys() == known | baselines
    nothing = run_of(table(replace(of_seconds("sequential", 1.0), samples=[], outcome=Outcome("failed", "it broke"))))
    assert READ[name](nothing.to(name)) == {}


@pytest.mark.parametrize("name", READ)
def test_workloads_of_one_name_and_variants_of_a_runner_are_told_apart(name: str) -> None:
    """Variants differ by their label, tables by a number."""
    free = replace(of_seconds("thread-pool:2", 0.2), variant="3.13t")
    run = run_of(table(*cells(), free), table(*cells()))
    expected = {"work[thread-pool:2]", "work[thread-pool:2 (3.13t)]", "work (2)[thread-pool:2]"}
    assert {one for one in READ[name](run.to(name)) if "sequential" not in one} == expected


@pytest.mark.parametrize("name", READ)
def test_cold_and_warm_have_the_same_names(name: str) -> None:
    """They can be compared; the mode is given if there is a place for it."""
    cold, warm = (READ[name](run_of(table(*cells(), warm=warm)).to(name)) for warm in (False, True))
    assert cold.keys() == warm.keys()
    if name == "pytest-benchmark":
        assert [one["work[thread-pool:2]"]["extra_info"]["warm"] for one in (cold, warm)] == [False, True]
    if name == "pyperf":
        said = [one["work[thread-pool:2]"]["metadata"]["concbench_warm"] for one in (cold, warm)]
        assert said == ["false", "true"]


def repeated(took: dict[int, float], repeats: int) -> Cell:
    """A cell whose samples sum up `repeats` executions each."""
    cell = of_rounds("sequential", took)
    return replace(cell, samples=[replace(one, work=one.work * repeats, repeats=repeats, cpu=0.5 * repeats)
                                  for one in cell.samples])  # fmt: skip


def test_times_are_those_of_one_execution() -> None:
    """This holds for any number of executions in a sample."""
    run = run_of(table(repeated({0: 0.25, 1: 0.5, 2: 0.75}, 4)))
    pytest_benchmark, hyperfine, runs, bencher = (
        READ[name](run.to(name))["work[sequential]"] for name in READ if name != SPEEDUPS
    )
    assert pytest_benchmark["stats"]["data"] == hyperfine["times"] == [0.25, 0.5, 0.75]
    assert (pytest_benchmark["stats"]["iterations"], pytest_benchmark["stats"]["total"]) == (4, 1.5)
    assert runs["runs"] == [{"metadata": {"loops": 4}, "values": [took]} for took in (0.25, 0.5, 0.75)]
    assert bencher["latency"] == {"value": 500_000_000.0}
    assert (hyperfine["mean"], hyperfine["median"], hyperfine["min"], hyperfine["max"]) == (0.5, 0.5, 0.25, 0.75)
    assert (hyperfine["stddev"], hyperfine["user"], hyperfine["system"]) == (0.25, 0.5, 0.0)


def test_a_single_sample_has_no_deviation() -> None:
    """There is no interval either; the tools accept that."""
    run = run_of(table(of_rounds("sequential", {0: 0.5}), of_rounds("threads", {0: 0.25})))
    assert READ["hyperfine"](run.to("hyperfine"))["work[threads]"]["stddev"] is None
    assert READ["pytest-benchmark"](run.to("pytest-benchmark"))["work[threads]"]["stats"]["stddev"] == 0.0
    assert READ["bencher"](run.to("bencher"))["work[threads]"]["speed-up"] == {"value": 2.0}
    (speedup,) = READ[SPEEDUPS](run.to(SPEEDUPS)).values()
    assert (speedup["value"], "range" in speedup) == (2.0, False)


def test_what_was_tolerated_is_an_exit_code() -> None:
    """The same happens for a command whose failure is ignored."""
    cell = of_rounds("sequential", {0: 1.0, 1: 1.0})
    first = replace(cell.samples[0], failed={"ValueError: no": 1})
    run = run_of(table(replace(cell, samples=[first, cell.samples[1]])))
    (result,) = READ["hyperfine"](run.to("hyperfine")).values()
    assert result["exit_codes"] == [1, 0]


HYPERFINE = {
    "command": str, "mean": float, "stddev": float, "median": float, "user": float, "system": float, "min": float,
    "max": float, "times": list, "exit_codes": list, "parameters": dict,
}  # fmt: skip


def test_hyperfine_has_what_its_results_have() -> None:
    """It has the published fields, and the single parameter over which its script plots times."""
    for result in READ["hyperfine"](two_tables().to("hyperfine")).values():
        assert {name: type(value) for name, value in result.items()} == HYPERFINE
        assert len(result["times"]) == len(result["exit_codes"])
        ((name, value),) = result["parameters"].items()
        assert (name, float(value)) == ("workers", float(value))


def test_speedups_have_their_intervals_where_a_tool_has_a_place_for_them() -> None:
    """They are as in the table; the baseline has none."""
    run = two_tables()
    bencher, action = READ["bencher"](run.to("bencher")), READ[SPEEDUPS](run.to(SPEEDUPS))
    for one in run:
        cell = one["thread-pool:2"]
        name = f"{one.workload}[thread-pool:2]"
        assert bencher[name]["speed-up"] == {"value": cell.speedup, "lower_value": cell.low, "upper_value": cell.high}
        assert action[name]["value"] == pytest.approx(cell.speedup, rel=1e-3)
        assert action[name]["range"] == f"[{cell.low:.4g}, {cell.high:.4g}]"
        assert "speed-up" not in bencher[f"{one.workload}[sequential]"]


@settings(max_examples=50)
@given(st.lists(NAMES, min_size=1, max_size=3))
def test_hostile_names_are_names(names: list[str]) -> None:
    """Every format has as many entries as runners, in the shape that its reader takes."""
    run = hostile(names)
    measured = sum(len(one.measured) for one in run)
    for name, read in READ.items():
        assert len(read(run.to(name))) == measured - (name == SPEEDUPS)
    for name, measures in READ["bencher"](run.to("bencher")).items():  # https://bencher.dev/bmf.json
        assert 0 < len(name) <= 1024
        for measure in measures.values():
            assert measure.keys() <= {"value", "lower_value", "upper_value"}
            assert "value" in measure
            assert {type(value) for value in measure.values()} <= {int, float}
    for entry in json.loads(run.to(SPEEDUPS)):  # BenchmarkResult of src/extract.ts; a row of a table in src/write.ts
        assert {key: type(value) for key, value in entry.items()} == {
            "name": str, "unit": str, "value": float, "range": str, "extra": str,
        }  # fmt: skip
        assert not {"`", "|", "\n"} & {*entry["name"]}


@settings(max_examples=30)
@given(st.lists(NAMES, min_size=1, max_size=3))
def test_pyperf_reads_hostile_names(names: list[str]) -> None:
    """It refuses names that are empty, have line breaks, or occur twice."""
    suite = pyperf().BenchmarkSuite.loads(hostile(names).to("pyperf"))
    assert len(suite) == len(names) + 1


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=40))
def test_the_figures_of_pytest_benchmark_are_those_that_it_computes_itself(seconds: list[float]) -> None:
    """Both compute them from the same times."""
    theirs = Stats()  # type: ignore[no-untyped-call]
    samples = [Sample(0.0, took, 0.0, None, number, 0) for number, took in enumerate(seconds)]
    run = run_of(table(replace(of_seconds("sequential", 1.0), samples=samples), rounds=40))
    (ours,) = READ["pytest-benchmark"](run.to("pytest-benchmark")).values()
    for took in seconds:
        theirs.update(took)  # type: ignore[no-untyped-call]
    expected = theirs.as_dict() | {"data": seconds, "iterations": 1}  # type: ignore[no-untyped-call]
    counted = {"iqr_outliers", "stddev_outliers", "outliers"}  # may differ by rounding where times are on the border
    assert ours["stats"].keys() == expected.keys()
    for name in expected.keys() - counted - {"ld15iqr", "hd15iqr"}:
        assert ours["stats"][name] == pytest.approx(expected[name]), name


@pytest.mark.parametrize("seconds", [[1.0], [1.0, 2.0], [1.0, 2.0, 3.0, 50.0], [5.0, 1.0, 4.0, 2.0, 3.0, 90.0, 3.5]])
def test_outliers_are_those_of_pytest_benchmark(seconds: list[float]) -> None:
    """The ends of the whiskers agree as well."""
    theirs = Stats()  # type: ignore[no-untyped-call]
    for took in seconds:
        theirs.update(took)  # type: ignore[no-untyped-call]
    run = run_of(table(of_rounds("sequential", dict(enumerate(seconds)))))
    (ours,) = READ["pytest-benchmark"](run.to("pytest-benchmark")).values()
    for name in ("iqr_outliers", "stddev_outliers", "outliers", "ld15iqr", "hd15iqr"):
        assert ours["stats"][name] == getattr(theirs, name), name


def test_pytest_benchmark_compares_what_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is a group for each workload and a row for each runner, and one file can be compared with another."""
    monkeypatch.chdir(tmp_path)
    Path("one.json").write_text(two_tables().to("pytest-benchmark"), "utf-8")
    Path("two.json").write_text(run_of(table(*cells(2.0), workload="primes")).to("pytest-benchmark"), "utf-8")

    def compared(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["pytest-benchmark", "compare", *arguments])
        pytest_benchmark.cli.main()  # type: ignore[no-untyped-call]
        return capsys.readouterr().out

    said = compared("one.json")
    assert "benchmark 'primes': 2 tests" in said
    assert "benchmark 'download': 2 tests" in said
    assert "\nprimes[thread-pool:2] " in said
    said = compared("one.json", "two.json", "--group-by", "fullname")
    assert "benchmark 'primes[thread-pool:2]': 2 tests" in said
    assert "benchmark 'download[sequential]': 1 tests" in said


def said_by_pyperf(*arguments: str) -> str:
    """The output of pyperf; its command line is only read once in a process."""
    done = subprocess.run([sys.executable, "-m", "pyperf", *arguments], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_pyperf_compares_the_files_of_runners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The benchmarks have the names of the workloads; a runner without times has no file."""
    pyperf()
    monkeypatch.chdir(tmp_path)
    two_tables().save("run.json")
    assert main(["show", "run.json", "--format", "pyperf", "--split", "files"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "concbench: wrote 2 files into files\n")
    assert sorted(file.name for file in Path("files").iterdir()) == ["sequential.json", "thread-pool-2.json"]
    lines = said_by_pyperf("compare_to", "files/sequential.json", "files/thread-pool-2.json").splitlines()
    compared = "Mean +- std dev: [sequential] 997 ms +- 5 ms -> [thread-pool-2] 500 ms +- 2 ms: 1.99x faster"
    assert lines[0] == f"primes: {compared}"
    assert lines[1].startswith("download: Mean +- std dev: [sequential] 2.99 sec")


def test_pyperf_takes_a_single_value_and_the_warm_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes them when it checks a file, and when it compares it."""
    suites = pyperf().BenchmarkSuite
    monkeypatch.chdir(tmp_path)
    single = replace(of_rounds("sequential", {0: 0.5}), warmup=Sample(0.0, 3.0, 0.0, repeats=2))
    run = run_of(table(single, workload="primes"))
    Path("one.json").write_text(run.to("pyperf"), "utf-8")
    (benchmark,) = suites.load("one.json")
    assert (benchmark.get_unit(), benchmark.get_values()) == ("second", (0.5,))
    assert [one.warmups for one in benchmark.get_runs()] == [((2, 1.5),)]
    Path("two.json").write_text(run_of(table(*cells(), workload="primes")).to("pyperf"), "utf-8")
    assert "stable" in said_by_pyperf("check", "one.json")
    assert "[one] 500 ms -> [two] 997 ms +- 5 ms: 1.99x slower" in said_by_pyperf("compare_to", "one.json", "two.json")


def test_the_interpreter_of_a_runner_is_its_own() -> None:
    """It is not the one that ran concbench."""
    other = replace(of_seconds("threads", 1.0), interpreter={"python": "3.13.1"})
    run = Run(RunRecord("0.1.0", "2026-01-01T00:00:00+00:00", 1, False, {"python": "3.11.7", "cores": 4},
                        [table(of_seconds("sequential", 1.0), other)]))  # fmt: skip
    suite = json.loads(run.to("pyperf"))
    assert (suite["metadata"]["python_version"], suite["metadata"]["cpu_count"]) == ("3.11.7", 4)
    assert [one["metadata"].get("python_version") for one in suite["benchmarks"]] == [None, "3.13.1"]
