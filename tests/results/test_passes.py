"""Messages of a measuring process: they survive the pipe, and samples add up."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concbench.results.files import build
from concbench.results.passes import CheckPass, ReferencePass, Sample

TIMES = st.integers(0, 10**15).map(lambda count: count / 1e9)
WORK = st.integers(100, 10**15).map(lambda count: count / 1e9)
COUNTS = st.integers(0, 10**6)
HAPPENED = st.dictionaries(st.text(max_size=9), st.integers(1, 10**6), max_size=3)
SAMPLES = st.builds(
    Sample, TIMES, WORK, TIMES, cpu=TIMES | st.none(), repeats=st.integers(1, 9), failed=HAPPENED, retries=COUNTS
)
TEXTS = st.text(max_size=20)
REFERENCES = st.builds(
    ReferencePass, st.booleans(), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.booleans(), SAMPLES | st.none(),
    st.dictionaries(TEXTS, TIMES, max_size=3),
)  # fmt: skip
CHECKS = st.builds(CheckPass, SAMPLES | st.none(), COUNTS)


@given(SAMPLES | REFERENCES | CHECKS)
def test_what_is_sent_is_what_is_received(record: Sample | ReferencePass | CheckPass) -> None:
    assert build(type(record), json.loads(json.dumps(asdict(record)))) == record


@given(st.lists(SAMPLES, min_size=1, max_size=5))
def test_samples_add_up_to_one_that_is_as_long_and_as_often_executed(samples: list[Sample]) -> None:
    """If a figure is unknown for one, it is unknown for all."""
    total = sum(samples[1:], samples[0])
    for part in ("start", "work", "stop", "repeats", "retries"):
        assert getattr(total, part) == pytest.approx(sum(getattr(sample, part) for sample in samples))
    known = [sample.cpu for sample in samples if sample.cpu is not None]
    assert total.cpu == (pytest.approx(sum(known)) if len(known) == len(samples) else None)
    assert sum(total.failed.values()) == sum(count for sample in samples for count in sample.failed.values())
    assert set(total.failed) == {what for sample in samples for what in sample.failed}
