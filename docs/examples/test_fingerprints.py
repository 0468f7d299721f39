"""One job under three runners, timed by pytest-benchmark."""

from hashlib import sha256

import pytest

from concbench import ProcessPool, Sequential, ThreadPool

BLOCKS = [bytes([number]) * 1_000_000 for number in range(8)]
EXPECTED = [sha256(block).hexdigest() for block in BLOCKS]


def fingerprint(block):
    return sha256(block).hexdigest()


@pytest.mark.benchmark(group="fingerprints")
@pytest.mark.parametrize(
    "runner", [Sequential(), ThreadPool(2), ProcessPool(2)], ids=lambda runner: type(runner).__name__
)
def test_fingerprints(benchmark, runner):
    def whole_block():
        with runner:
            return runner.run(fingerprint, BLOCKS)

    assert benchmark.pedantic(whole_block, rounds=3, warmup_rounds=1) == EXPECTED
