"""The pytest plug-in: the fixture `concbench`, its marker, its options and its summary.

Every start of pytest imports this module, so it imports almost nothing; the rest is imported by the first test that
uses the fixture. PYTEST_DONT_REWRITE: it contains no assertions.
"""

from __future__ import annotations

import os

import pytest

TYPE_CHECKING = False  # importing it from typing would take time
if TYPE_CHECKING:
    from collections.abc import Iterator

    from concbench.gate.fixture import Concbench, SharedState
    from concbench.gate.judging import Judgement

_SESSION = pytest.StashKey["SharedState"]()
_FIXTURE = pytest.StashKey["Concbench"]()
_UNWRITTEN = pytest.StashKey["list[str]"]()
_PREFIX = "concbench_"
"""Prefix of the report properties that hold the decisions on requirements."""
_BUDGET = "10s"
_UNDECIDED = ("skip", "fail", "pass")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("concbench", "requirements of runners (concbench)")
    flags = {
        "only": "run the tests that use the fixture concbench, and no others",
        "skip": "leave out the tests that use the fixture concbench",
        "disable": "run each runner once and compare the results; measure nothing",
        "enable": "measure even if --concbench-disable is also given (in addopts)",
    }
    for name, about in flags.items():
        group.addoption(f"--concbench-{name}", action="store_true", default=False, help=about)
    group.addoption("--concbench-budget", metavar="TIME", help=f"for each measurement (default: {_BUDGET})")
    group.addoption("--concbench-undecided", choices=_UNDECIDED, metavar="WORD", help="outcome of a test with an "
                    "undecided requirement: skip, fail or pass (default: skip)")  # fmt: skip
    group.addoption("--concbench-json", metavar="PATH", help="write all measurements as a results file")
    group.addoption("--concbench-markdown", metavar="PATH", help="write all measurements as Markdown")
    parser.addini("concbench_budget", "seconds for each measurement, as --concbench-budget", default="")
    parser.addini("concbench_undecided", "as --concbench-undecided", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Reject invalid options before anything runs.

    Raises:
        pytest.UsageError: an option is invalid; the message says what to do.
    """
    config.addinivalue_line(
        "markers",
        "concbench(**options): measurement options for the fixture concbench, such as budget='5s', runners=[...]",
    )
    if config.option.concbench_only and config.option.concbench_skip:
        raise pytest.UsageError("--concbench-only and --concbench-skip exclude each other; leave out one of them")
    undecided = config.getini("concbench_undecided")
    if undecided and undecided not in _UNDECIDED:
        raise pytest.UsageError(f"concbench_undecided must be one of {', '.join(_UNDECIDED)}, not {undecided!r}")
    if _is_worker(config):
        return
    paths = [path for path in (config.option.concbench_json, config.option.concbench_markdown) if path]
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise pytest.UsageError(f"--concbench-json and --concbench-markdown are both {paths[0]}; name two files")
    if config.option.concbench_budget or config.getini("concbench_budget"):
        _budget(config)
    for path in paths:
        from concbench.errors import BadOutput
        from concbench.gate.fixture import require_writable

        try:
            require_writable(path)
        except BadOutput as error:
            raise pytest.UsageError(str(error)) from None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Select the tests that were asked for; mark tests that measure as unsafe for runs of tests in threads."""
    ours = [item for item in items if _measures(item)]
    if ours and any(line.startswith("thread_unsafe") for line in config.getini("markers")):
        for item in ours:
            item.add_marker(pytest.mark.thread_unsafe(reason="concbench measures"))
    if config.option.concbench_only or config.option.concbench_skip:
        others = [item for item in items if not _measures(item)]
        selected, deselected = (ours, others) if config.option.concbench_only else (others, ours)
        config.hook.pytest_deselected(items=deselected)
        items[:] = selected


def _measures(item: pytest.Item) -> bool:
    return "concbench" in getattr(item, "fixturenames", ())


@pytest.fixture
def concbench(request: pytest.FixtureRequest) -> Iterator[Concbench]:
    """Measure a function under runners, and require how they compare: `concbench(f, items=..., runners=[...])`."""
    from concbench.gate.fixture import Concbench

    item = request.node
    item.user_properties[:] = [pair for pair in item.user_properties if not pair[0].startswith(_PREFIX)]

    def report(judgement: Judgement) -> None:
        item.user_properties.append((f"{_PREFIX}{judgement.decision}", str(judgement)))

    marks = list(item.iter_markers("concbench"))
    if any(mark.args for mark in marks):
        pytest.fail("the marker concbench takes options by name, such as budget='5s'", pytrace=False)
    options = {name: value for mark in reversed(marks) for name, value in mark.kwargs.items()}
    fixture = Concbench(_session(request.config), options, item.nodeid, report)
    item.stash[_FIXTURE] = fixture
    yield fixture
    fixture.keep()  # needed if another fixture failed, since the test is not called then


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Skip a test that passed with undecided requirements, unless --concbench-undecided says otherwise."""
    __tracebackhide__ = True
    try:
        yield
        if _FIXTURE in item.stash:
            item.stash[_FIXTURE].finish()
    finally:
        fixture = item.stash.get(_FIXTURE, None)
        if fixture is not None:
            fixture.keep()
            del item.stash[_FIXTURE]
    if fixture is not None and fixture.undecided and _undecided(item.config) == "skip":
        why = "; ".join(one.sentences for one in fixture.undecided)
        raise pytest.skip.Exception(why, _use_item_location=True)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the reports, whether tests passed or failed."""
    config = session.config
    paths = {"json": config.option.concbench_json, "markdown": config.option.concbench_markdown}
    if _is_worker(config) or not any(paths.values()):
        return
    run = config.stash[_SESSION].run if _SESSION in config.stash else None
    unwritten = config.stash.setdefault(_UNWRITTEN, [])
    for name, path in paths.items():
        if not path:
            continue
        if run is None:
            unwritten.append(f"nothing was measured, so {path} was not written")
            continue
        from concbench.gate.fixture import write_report

        error = write_report(run, name, path)
        if error:
            unwritten.append(error)
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print one line for each test, and the number of requirements by decision."""
    lines: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for name, reports in terminalreporter.stats.items():
        for report in reports:
            when = getattr(report, "when", None)
            if name == "rerun" or not (when == "call" or (when == "setup" and not report.passed)):
                continue  # each report of a test has all properties so far
            for key, value in report.user_properties:
                if key.startswith(_PREFIX):
                    lines.setdefault(report.nodeid, []).append(str(value))
                    counts[key.removeprefix(_PREFIX)] = counts.get(key.removeprefix(_PREFIX), 0) + 1
    unwritten = config.stash.get(_UNWRITTEN, [])
    if not lines and not unwritten:
        return
    terminalreporter.section("concbench")
    for nodeid, texts in lines.items():
        terminalreporter.line(f"{nodeid}: {'; '.join(texts)}")
    if counts:
        total = ", ".join(f"{count} {decision}" for decision, count in counts.items())
        brackets = any("[" in text for texts in lines.values() for text in texts)
        confidence = "; each end of [low, high] with 99.9 % confidence" if brackets else ""
        terminalreporter.line(f"requirements: {total}{confidence}")
    for line in unwritten:
        terminalreporter.line(f"concbench: {line}")


def _session(config: pytest.Config) -> SharedState:
    """The state shared by the tests of this session, created on first use."""
    if _SESSION not in config.stash:
        from random import randrange

        from concbench.gate.fixture import SharedState

        disabled = config.option.concbench_disable and not config.option.concbench_enable
        config.stash[_SESSION] = SharedState(
            {"budget": _budget(config), "seed": randrange(2**32)},
            once=_is_worker(config) or disabled,
            undecided=_undecided(config),
        )
    return config.stash[_SESSION]


def _undecided(config: pytest.Config) -> str:
    return config.option.concbench_undecided or config.getini("concbench_undecided") or "skip"


def _budget(config: pytest.Config) -> float:
    from concbench.errors import BadSetting
    from concbench.options import declared_options

    option = declared_options()["budget"]
    text = config.option.concbench_budget or config.getini("concbench_budget") or _BUDGET
    try:
        seconds: float = option.kind.read(text)
        option.require("budget", seconds, "budget")
    except BadSetting as error:
        raise pytest.UsageError(f"--concbench-budget: {error}") from None
    return seconds


def _is_worker(config: pytest.Config) -> bool:
    """Whether other tests run at the same time, in other processes of pytest-xdist."""
    return hasattr(config, "workerinput")
