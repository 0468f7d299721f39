"""What may few rounds take from other runners? Whole tables, drawn with numpy, under several estimators and stop rules.

    python benchmarks/honesty/moderated.py [--sessions 10000] [--quick] [--parts claims power levels sessions]

Below 8 rounds the library moderates the variance of a ratio by those of other ratios (`concbench.stats.noise`). The
estimators that are compared:

    plain t     no prior: Student's t
    library     the constants of the library: a prior of at most MOST_BORROWED degrees of freedom, of which it gets the
                share COUNTED of those of the other ratios; a variance stays LEAST_KEPT times the ratio's own at least
    half kept   at most 4 degrees of freedom, half of the others'; half of its own variance at least
    2 df        at most 2, half of the others'; no least variance
    4 df        at most 4, all of the others'; no least variance

All of them are the same from 8 rounds on. Cells are noisy to different degrees: `equal`; `2x` and `10x apart` (in equal
steps of their logarithm, the baseline like the quietest); `one 10x`; and `baseline 10x`, whose noise is in every ratio.

claims      k cells identical to the baseline, a look after each of the rounds 3 to 30: sessions in which any look at
            any cell claims a difference, whenever the measurement stops; aim: 5 % at most. On normal noise also the
            level per look that gives 5 % without the margin of 2 %: it must be the 0.0045 of `look_level`, or more.
power       k cells of one true ratio: cells with a verdict after 3 rounds, mean rounds until it (30 if none), and wrong
            verdicts: of the wrong sign, or `same` where the true ratio is 1.2 or more.
levels      that level for up to 30, 60 and 100 rounds, normal noise, cells equally noisy.
sessions    three tables, played by the stop rule: mean rounds, executions and seconds of a session, cells undecided at
            its end, sessions with any wrong verdict, and with a cell of the fastest that lost its star.

Before all that, the estimators and the rule are compared with those of the library on random inputs. Trends are left
out: they only withhold verdicts. Seeds are fixed. About 6 minutes on one core, and 1 with --quick (1,000 sessions).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, log, pi, sqrt
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from concbench.analysis.thresholds import FAR_BEHIND
from concbench.harness.stop_rules import CLOSE, LONG_ENOUGH, Standings, VerdictRule
from concbench.results.records import CellId, Sample
from concbench.stats.intervals import FEWEST, LEAST_KEPT, TRIM_FROM, log_ratios, look_level, ratio_interval
from concbench.stats.noise import COUNTED, MOST_BORROWED, Noise
from concbench.stats.student import quantile, two_sided
from concbench.stats.verdicts import BAND, MARGIN

if __package__:
    from .noise import CONTENDED_SECONDS, MACHINES, Machine, traces
else:
    from noise import CONTENDED_SECONDS, MACHINES, Machine, traces

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

ROUNDS = 30
NORMAL = 0.05
"""Deviation of the log of one execution, as normal noise."""
RECORDED = traces()
NOISES = ("normal", *MACHINES, *RECORDED)
RATIOS = (1.05, 1.2, 1.5, 2.0)
NUMBERS = (2, 5, 11)
"""Numbers of comparisons in a table."""
_SECONDS = 0.2
"""Seconds of an execution, for how long a machine stays contended."""
_MARGIN, _BAND = log(MARGIN), log(BAND)


@dataclass(frozen=True)
class Estimator:
    """How the variance of a ratio with fewer than 8 rounds is estimated."""

    name: str
    most: int
    """Most degrees of freedom of a prior."""
    counted: float
    """Share of the degrees of freedom of the other ratios that counts."""
    kept: float
    """Least share of its own variance that a ratio keeps."""

    def moderated(self, own: Floats, freedom: Whole | int, prior: Floats, borrowed: Whole | int) -> Floats:
        """The variance from its own, with these degrees of freedom, and from a prior with those that were borrowed."""
        pooled = (borrowed * prior + freedom * own) / (borrowed + freedom)
        return np.where(np.asarray(borrowed) > 0, np.maximum(pooled, self.kept * own), own)


PLAIN = Estimator("plain t", 0, 0.0, 0.0)
LIBRARY = Estimator("library", MOST_BORROWED, COUNTED, LEAST_KEPT)
ESTIMATORS = (
    PLAIN,
    LIBRARY,
    Estimator("half kept", 4, 0.5, 0.5),
    Estimator("2 df", 2, 0.5, 0.0),
    Estimator("4 df", 4, 1.0, 0.0),
)

PATTERNS = ("equal", "2x apart", "10x apart", "one 10x", "baseline 10x")


def scales(pattern: str, k: int) -> Floats:
    """Factors on the noise of a baseline and k cells, shape (1 + k,)."""
    found = np.ones(1 + k)
    if pattern.endswith("apart"):
        found[1:] = np.geomspace(1.0, float(pattern.partition("x")[0]), k)
    elif pattern != "equal":
        found[int(pattern.startswith("one"))] = 10.0
    return found


# Noise: logs of the times of a session, shape (sessions, cells, rounds).


def noise_of(name: str, shape: tuple[int, int, int], draw: np.random.Generator) -> Floats:
    """Draw the noise of sessions."""
    if name == "normal":
        return NORMAL * draw.standard_normal(shape)
    if name in MACHINES:
        return _modelled(MACHINES[name], shape, draw)
    return _replayed(RECORDED[name], shape, draw)


def _modelled(machine: Machine, shape: tuple[int, int, int], draw: np.random.Generator) -> Floats:
    """As in noise.py, except for what all cells of a round have in common, which is not in their ratios."""
    found = machine.jitter * draw.standard_t(6, shape)
    found += np.where(draw.random(shape) < machine.spikes, np.log1p(draw.uniform(0.1, 1.0, shape)), 0.0)
    if machine.contended:
        busy = _contended(machine, shape, draw)
        found += busy[:, None, :] * machine.uneven * draw.standard_normal(shape)
    return found


def _contended(machine: Machine, shape: tuple[int, int, int], draw: np.random.Generator) -> Flags:
    """Whether others compete in a round, shape (sessions, rounds)."""
    sessions, cells, rounds = shape
    free = CONTENDED_SECONDS * (1 - machine.contended) / machine.contended
    took = _SECONDS * cells
    ends, begins = 1 - np.exp(-took * machine.slower / CONTENDED_SECONDS), 1 - np.exp(-took / free)
    found = np.empty((sessions, rounds), dtype=bool)
    found[:, 0] = draw.random(sessions) < machine.contended
    for number in range(1, rounds):
        changes = draw.random(sessions) < np.where(found[:, number - 1], ends, begins)
        found[:, number] = found[:, number - 1] ^ changes
    return found


def _replayed(trace: Floats, shape: tuple[int, int, int], draw: np.random.Generator) -> Floats:
    """Windows of a recording, its arms dealt out at random in every round; one row of it or more for each round."""
    sessions, cells, rounds = shape
    rows, arms = trace.shape
    each = -(-cells // arms)
    first = draw.integers(rows, size=(sessions, 1))
    windows = np.log(trace / np.median(trace))[(first + np.arange(each * rounds)) % rows]
    dealt = draw.permuted(windows.reshape(sessions, rounds, each * arms), axis=2)
    return np.ascontiguousarray(dealt[:, :, :cells].swapaxes(1, 2))


# Looks: what the rounds so far show, where every cell takes every round.


@dataclass(frozen=True)
class Look:
    """Centre and standard error of each ratio, shape (sessions, k), after some rounds, and the degrees of freedom."""

    rounds: int
    centre: Floats
    error: Floats
    df: int

    def half(self, level: float) -> Floats:
        """Half of the width of each interval at an error level."""
        return quantile(level, self.df) * self.error


def early_looks(ratios: Floats, estimator: Estimator) -> Iterator[Look]:
    """The looks below 8 rounds; log ratios have the shape (sessions, k, rounds)."""
    k = ratios.shape[1]
    for n in range(FEWEST, TRIM_FROM):
        own = ratios[:, :, :n].var(axis=2, ddof=1)
        borrowed = min(estimator.most, int(estimator.counted * (k - 1) * (n - 1)))
        prior = (own.sum(axis=1, keepdims=True) - own) / max(k - 1, 1)
        variance = estimator.moderated(own, n - 1, prior, borrowed)
        yield Look(n, ratios[:, :, :n].mean(axis=2), np.sqrt(variance / n), n - 1 + borrowed)


def late_looks(ratios: Floats, last: int) -> Iterator[Look]:
    """The looks from 8 rounds on."""
    for n in range(TRIM_FROM, last + 1):
        ordered = np.sort(ratios[:, :, :n], axis=2)
        cut = n // 5
        winsorised = np.clip(ordered, ordered[:, :, cut : cut + 1], ordered[:, :, n - cut - 1 : n - cut])
        error = winsorised.std(axis=2, ddof=1) / ((1 - 2 * cut / n) * sqrt(n))
        yield Look(n, ordered[:, :, cut : n - cut].mean(axis=2), error, n - 2 * cut - 1)


def verdicts(low: Floats, high: Floats) -> NDArray[np.int8]:
    """Verdicts by the ends of log intervals: 1 faster, 2 slower, 3 same, 0 undecided."""
    same = np.where((low > -_BAND) & (high < _BAND), 3, 0)
    return np.where(low > _MARGIN, 1, np.where(high < -_MARGIN, 2, same)).astype(np.int8)


def any_claim(looks: Iterable[Look], level: float, sessions: int) -> Flags:
    """Whether any look at identical cells claims a difference, by session."""
    found = np.zeros(sessions, dtype=bool)
    for look in looks:
        found |= (np.abs(look.centre) - look.half(level) > _MARGIN).any(axis=1)
    return found


def tail(t: Floats, df: int) -> Floats:
    """P(|T| > t), by the series of concbench.stats.student."""
    angle = np.arctan(t / sqrt(df))
    square = np.cos(angle) ** 2
    odd = df % 2
    total, term = np.zeros_like(angle), np.cos(angle) if odd else np.ones_like(angle)
    for step in range(odd, df - 1, 2):
        total += term
        term = term * square * ((step + 1) / (step + 2))
    inside = 2 / pi * (angle + np.sin(angle) * total) if odd else np.sin(angle) * total
    return 1 - inside


def least_level(looks: Iterable[Look], sessions: int) -> Floats:
    """The level of a look for one comparison above which a session of identical cells claims a difference."""
    found = np.ones(sessions)
    for look in looks:
        k = look.centre.shape[1]
        found = np.minimum(found, k * tail(np.abs(look.centre) / look.error, look.df).min(axis=1))
    return found


def first_verdicts(looks: Iterable[Look], level: float, ratio: float) -> tuple[NDArray[np.int8], Whole]:
    """The first verdict on each cell of a true ratio, and the rounds that it took; ROUNDS without a verdict."""
    what, took = None, None
    for look in looks:
        centre, half = look.centre + log(ratio), look.half(level)
        now = verdicts(centre - half, centre + half)
        if what is None or took is None:
            what, took = now, np.full(now.shape, look.rounds)
        else:
            took[what == 0] = look.rounds
            what = np.where(what == 0, now, what)
    assert what is not None
    assert took is not None
    return what, took


# The same with gaps: sessions that are played by a stop rule.


def with_gaps(
    ratios: Floats, shared: Flags, alike: Flags, usable: Flags, estimator: Estimator
) -> tuple[Floats, Floats, Whole]:
    """Centre, standard error and degrees of freedom of each ratio, shape (sessions, cells).

    Args:
        ratios: log ratios, shape (sessions, cells, rounds).
        shared: whether both cells took part in a round, same shape.
        alike: whether the second cell counts in the prior of the first, shape (cells, cells).
        usable: whether a cell may count in a prior, since it is not the base; shape (sessions, cells).
        estimator: the estimator.
    """
    n = shared.sum(axis=2)
    count, df = np.maximum(n, 1), np.maximum(n - 1, 1)
    centre = np.where(shared, ratios, 0.0).sum(axis=2) / count
    deviations = np.where(shared, ratios - centre[:, :, None], 0.0)
    variance = (deviations**2).sum(axis=2) / df
    few = ((n >= FEWEST) & (n < TRIM_FROM)).any(axis=1)
    if estimator.most and few.any():
        prior, borrowed = _priors(deviations[few], shared[few], alike & usable[few][:, None, :], estimator)
        borrowed = np.where(n[few] < TRIM_FROM, borrowed, 0)
        variance[few] = estimator.moderated(variance[few], df[few], prior, borrowed)
        df[few] += borrowed
    error = np.sqrt(variance / count)
    many = (n >= TRIM_FROM).any(axis=1)
    if many.any():
        trimmed = _trimmed(ratios[many], shared[many])
        late = n[many] >= TRIM_FROM
        centre[many], error[many] = (
            np.where(late, new, old[many]) for new, old in zip(trimmed[:2], (centre, error), strict=True)
        )
        df[many] = np.where(late, trimmed[2], df[many])
    return centre, error, df


def _priors(deviations: Floats, shared: Flags, counts: Flags, estimator: Estimator) -> tuple[Floats, Whole]:
    """The variance of the prior of each ratio and its degrees of freedom, from the rounds of that ratio alone."""
    present = shared.astype(float)
    rounds = present @ present.swapaxes(1, 2)  # of the first cell, in which the second took part as well
    sums = present @ deviations.swapaxes(1, 2)
    squares = np.maximum(present @ (deviations**2).swapaxes(1, 2) - sums**2 / np.maximum(rounds, 1), 0.0)
    freedom = (np.maximum(rounds - 1, 0) * counts).sum(axis=2)
    borrowed = np.minimum(estimator.most, np.floor(estimator.counted * freedom)).astype(np.int64)
    return (squares * counts).sum(axis=2) / np.maximum(freedom, 1), borrowed


def _trimmed(ratios: Floats, shared: Flags) -> tuple[Floats, Floats, Whole]:
    n = shared.sum(axis=2)
    count, cut = np.maximum(n, 1), n // 5
    ordered = np.sort(np.where(shared, ratios, np.inf), axis=2)
    place = np.arange(ordered.shape[2])
    inside = place < n[:, :, None]
    middle = (place >= cut[:, :, None]) & (place < (n - cut)[:, :, None])
    low = np.take_along_axis(ordered, cut[:, :, None], axis=2)
    high = np.take_along_axis(ordered, np.maximum(n - cut - 1, 0)[:, :, None], axis=2)
    centre = np.where(middle, ordered, 0.0).sum(axis=2) / np.maximum(n - 2 * cut, 1)
    winsorised = np.where(inside, np.clip(ordered, low, high), 0.0)
    mean = winsorised.sum(axis=2) / count
    squares = np.where(inside, winsorised - mean[:, :, None], 0.0) ** 2
    deviation = np.sqrt(squares.sum(axis=2) / np.maximum(n - 1, 1))
    return centre, deviation / ((1 - 2 * cut / count) * np.sqrt(count)), np.maximum(n - 2 * cut - 1, 1)


@dataclass(frozen=True)
class Resting:
    """When cells rest before the last round, beside those that have their verdict and are not the fastest."""

    name: str
    far: float
    """Ratio to the leader from which a cell rests whatever its verdict."""
    tied: float
    """Ratio to the leader within which a cell of the fastest group rests."""
    enough: int
    """Rounds after which it rests if its typical ratio is within 5 %."""
    together: bool
    """Whether the fastest group goes on as a whole until all of it is tied."""


BEFORE = Resting("together", inf, BAND, ROUNDS + 1, together=True)
RESTING = Resting("resting", FAR_BEHIND[max(FAR_BEHIND)], CLOSE, LONG_ENOUGH, together=False)


@dataclass(frozen=True)
class Played:
    """Sessions as they ended; shapes (sessions, cells, rounds), (sessions, k), (sessions, cells)."""

    taken: Flags
    verdicts: NDArray[np.int8]
    fastest: Flags
    """Whether a cell is in the fastest group."""


def play(logs: Floats, groups: Sequence[int], estimator: Estimator, resting: Resting) -> Played:
    """Play sessions by the stop rule; the logs of all times are known, the first cell is the baseline."""
    sessions, cells, _ = logs.shape
    level = look_level(ROUNDS, cells - 1)
    factors = np.array([inf, *(quantile(level, df) for df in range(1, ROUNDS + MOST_BORROWED + 8))])
    alike = np.equal.outer(np.array(groups), np.array(groups)) & ~np.eye(cells, dtype=bool)
    taken = np.zeros((sessions, cells, ROUNDS), dtype=bool)
    taken[:, :, :FEWEST] = True
    said, fastest = np.zeros((sessions, cells - 1), dtype=np.int8), np.zeros((sessions, cells), dtype=bool)
    active = np.arange(sessions)
    for rounds in range(FEWEST, ROUNDS + 1):
        times, part = logs[active, :, :rounds], taken[active, :, :rounds]
        said[active], fastest[active], wanted = _decide(times, part, alike, factors, estimator, resting)
        going = wanted.any(axis=1)
        active, wanted = active[going], wanted[going]
        if rounds == ROUNDS or not active.size:
            break
        taken[active, :, rounds] = wanted
    return Played(taken, said, fastest)


def _decide(
    times: Floats, part: Flags, alike: Flags, factors: Floats, estimator: Estimator, resting: Resting
) -> tuple[NDArray[np.int8], Flags, Flags]:
    """The verdicts, the fastest group, and the cells of the next round."""
    every = np.ones(part[:, 1:, 0].shape, dtype=bool)
    centre, error, df = with_gaps(
        times[:, :1] - times[:, 1:], part[:, :1] & part[:, 1:], alike[1:, 1:], every, estimator
    )
    half = factors[df] * error
    said = verdicts(centre - half, centre + half)

    sessions = np.arange(len(times))
    leader = _medians(times, part).argmin(axis=1)
    leads = np.zeros(part.shape[:2], dtype=bool)
    leads[sessions, leader] = True
    shared = part[sessions, leader][:, None, :] & part
    centre, error, df = with_gaps(times[sessions, leader][:, None, :] - times, shared, alike, ~leads, estimator)
    half = factors[df] * error
    group = (centre + half >= -_MARGIN) & ~leads
    tied = (centre - half > -log(resting.tied)) & (centre + half < log(resting.tied))
    tied |= (shared.sum(axis=2) >= resting.enough) & (abs(centre) < _BAND)
    rivals = group & ~tied
    contested = rivals.any(axis=1, keepdims=True)
    contenders = contested & (leads | (group if resting.together else rivals))
    far = (centre + half < -log(resting.far)) & ~leads

    unsure = (said == 0) & ~far[:, 1:]
    wanted = contenders
    wanted[:, 1:] |= unsure
    wanted[:, 0] |= unsure.any(axis=1)
    return said, group | leads, wanted


def _medians(times: Floats, part: Flags) -> Floats:
    """The median seconds of each cell over the rounds in which it took part."""
    n = part.sum(axis=2)
    ordered = np.sort(np.where(part, times, np.inf), axis=2)
    middle = [np.take_along_axis(ordered, place[:, :, None], axis=2)[:, :, 0] for place in ((n - 1) // 2, n // 2)]
    return (np.exp(middle[0]) + np.exp(middle[1])) / 2


# Comparison with the library.


def check() -> None:
    """Compare the estimators and the rule with those of the library, on random inputs.

    Raises:
        AssertionError: they differ.
    """
    draw = np.random.default_rng(1)
    _check_tails()
    _check_intervals(draw)
    _check_looks(draw)
    _check_rule(draw)
    print("the estimators and the rule are those of the library, as far as random inputs show", flush=True)


def _check_tails() -> None:
    for df in (1, 2, 3, 6, 7, 17):
        for t in (0.5, 3.0, 20.0):
            assert abs(tail(np.array([t]), df)[0] - (1 - two_sided(t, df))) < 1e-12, (t, df)


def _check_intervals(draw: np.random.Generator) -> None:
    """Cells that miss rounds, two groups, and the first or the second cell as the base."""
    sessions, cells, rounds = 150, 6, 11
    groups = [0, 0, 1, 0, 1, 0]
    logs = draw.standard_normal((sessions, cells, rounds)) * draw.choice([0.01, 0.1, 1.0], (sessions, cells, 1))
    part = draw.random((sessions, cells, rounds)) < draw.choice([0.3, 0.7, 1.0], (sessions, 1, 1))
    alike = np.equal.outer(np.array(groups), np.array(groups)) & ~np.eye(cells, dtype=bool)
    level = look_level(ROUNDS, cells - 1)
    for base in (0, 1):
        usable = np.arange(cells) != base
        centre, error, df = with_gaps(
            logs[:, base : base + 1] - logs, part[:, base : base + 1] & part, alike,
            np.broadcast_to(usable, (sessions, cells)), LIBRARY,
        )  # fmt: skip
        for session in range(sessions):
            seconds = {
                cell: {int(one): float(np.exp(logs[session, cell, one])) for one in np.flatnonzero(part[session, cell])}
                for cell in range(cells)
            }
            noise = Noise(seconds, dict(enumerate(groups)))
            for cell in np.flatnonzero(usable).tolist():
                found = ratio_interval(log_ratios(seconds[base], seconds[cell]), level, noise.prior(base, cell))
                shares = int((part[session, base] & part[session, cell]).sum())
                assert (found is None) == (shares < FEWEST)
                if found is not None:
                    half = quantile(level, int(df[session, cell])) * error[session, cell]
                    ends = [centre[session, cell] - half, centre[session, cell] + half]
                    assert np.allclose(np.log([found.low, found.high]), np.clip(ends, -700, 700), rtol=1e-7, atol=1e-9)


def _check_looks(draw: np.random.Generator) -> None:
    """Where no round is missed, both ways of estimating are one."""
    ratios = draw.standard_normal((50, 5, 16))
    alike, usable = ~np.eye(5, dtype=bool), np.ones((50, 5), dtype=bool)
    for estimator in ESTIMATORS:
        for look in (*early_looks(ratios, estimator), *late_looks(ratios, 16)):
            some = ratios[:, :, : look.rounds]
            centre, error, df = with_gaps(some, np.ones(some.shape, dtype=bool), alike, usable, estimator)
            assert np.allclose(centre, look.centre)
            assert np.allclose(error, look.error)
            assert (df == look.df).all()


def _check_rule(draw: np.random.Generator) -> None:
    """The cells of each round are those that VerdictRule wants; the noise is too small for trends."""
    groups = [0, 0, 0, 0, 1, 1, 0]
    seconds = [1.0, 1.0, 0.97, 0.55, 0.5, 0.503, 2.2]
    logs = np.log(seconds)[:, None] + 0.012 * draw.standard_normal((20, len(seconds), ROUNDS))
    played = play(logs, groups, LIBRARY, RESTING)
    names = [CellId(f"cell-{number}") for number in range(len(seconds))]
    for session, times in enumerate(np.exp(logs)):
        samples: dict[CellId, list[Sample]] = {name: [] for name in names}
        for number in range(ROUNDS):
            known = {name: {one.round: one.seconds for one in taken} for name, taken in samples.items()}
            noise = Noise(known, dict(zip(names, groups, strict=True)))
            wanted = VerdictRule(ROUNDS).next_round(Standings(names[0], samples, len(names) - 1, 0.0, noise)).cells
            if not wanted:
                break
            for name in wanted:
                took = float(times[names.index(name), number])
                samples[name].append(Sample(0.0, took, 0.0, None, number))
        for cell, name in enumerate(names):
            rounds = [one.round for one in samples[name]]
            assert rounds == np.flatnonzero(played.taken[session, cell]).tolist(), (session, name, rounds)


# The parts.


def patterns(noise: str) -> tuple[str, ...]:
    """The patterns that are tried on a noise: all on normal noise."""
    return PATTERNS if noise == "normal" else PATTERNS[:3]


def ratios_of(noise: str, pattern: str, k: int, sessions: int, rounds: int = ROUNDS) -> Floats:
    """Log ratios of identical cells, shape (sessions, k, rounds)."""
    draw = np.random.default_rng([NOISES.index(noise), PATTERNS.index(pattern), k, rounds])
    logs = noise_of(noise, (sessions, 1 + k, rounds), draw) * scales(pattern, k)[:, None]
    return logs[:, :1] - logs[:, 1:]


def claims(sessions: int) -> None:
    """Print the share of sessions with a false claim, and the levels that would give 5 % on normal noise."""
    heads = "".join(f"{one.name:>12}" for one in ESTIMATORS)
    print(f"\nclaims: sessions with a false claim\n{'noise':<11}{'cells':<14}{'k':>3}{heads}")
    levels = []
    for noise in NOISES:
        for pattern in patterns(noise):
            for k in NUMBERS:
                ratios = ratios_of(noise, pattern, k, sessions)
                level, late = look_level(ROUNDS, k), [*late_looks(ratios, ROUNDS)]
                early = {one.name: [*early_looks(ratios, one)] for one in ESTIMATORS}
                before = any_claim(late, level, sessions)
                shares = [float((before | any_claim(looks, level, sessions)).mean()) for looks in early.values()]
                print(f"{noise:<11}{pattern:<14}{k:>3}{''.join(f'{share:>12.2%}' for share in shares)}", flush=True)
                if noise == "normal":
                    least = least_level(late, sessions)
                    found = [np.minimum(least, least_level(looks, sessions)) for looks in early.values()]
                    levels.append((pattern, k, [float(np.quantile(one, 0.05)) for one in found]))
    print(f"\nlevel per look that gives 5 %, normal noise, without a margin\n{'cells':<14}{'k':>3}{heads}")
    for pattern, k, row in levels:
        print(f"{pattern:<14}{k:>3}{''.join(f'{level:>12.4f}' for level in row)}")
    least_of = [min(row[place] for _, _, row in levels) for place in range(len(ESTIMATORS))]
    print(f"{'least':<17}{''.join(f'{level:>12.4f}' for level in least_of)}", flush=True)


def power(sessions: int) -> None:
    """Print how soon true ratios are found, and how often they get a wrong verdict."""
    heads = "".join(f"{f'{ratio:g}x: at 3, rounds, wrong':>27}" for ratio in RATIOS)
    print(f"\npower: verdicts after 3 rounds, mean rounds, wrong verdicts\n{'noise':<11}{'cells':<11}{'k':>3} ", end="")
    print(f"{'estimator':<11}{heads}")
    cases = [(noise, pattern, 5) for noise in NOISES for pattern in ("equal", "10x apart")]
    cases += [("normal", "equal", k) for k in NUMBERS if k != 5]
    for noise, pattern, k in cases:
        ratios = ratios_of(noise, pattern, k, sessions)
        level, late = look_level(ROUNDS, k), [*late_looks(ratios, ROUNDS)]
        for estimator in ESTIMATORS:
            looks = [*early_looks(ratios, estimator), *late]
            row = "".join(_found(looks, level, ratio) for ratio in RATIOS)
            print(f"{noise:<11}{pattern:<11}{k:>3} {estimator.name:<11}{row}", flush=True)


def _found(looks: list[Look], level: float, ratio: float) -> str:
    what, took = first_verdicts(looks, level, ratio)
    wrong = (what == 2) | ((what == 3) & (ratio > BAND))
    at_three = float(((took == FEWEST) & (what > 0)).mean())
    return f"{at_three:>12.1%} {took.mean():>6.1f} {float(wrong.mean()):>7.2%}"


def levels(sessions: int) -> None:
    """Print the level of a look that gives 5 % over all looks, by the most rounds."""
    print("\nlevels: level per look that gives 5 %, normal noise, cells equally noisy, without a margin")
    print(f"{'k':>3} {'estimator':<11}{'30 rounds':>11}{'60 rounds':>11}{'100 rounds':>12}")
    for k in (1, *NUMBERS):
        ratios = ratios_of("normal", "equal", k, sessions, rounds=100)
        late, by_rounds = np.ones(sessions), {}
        for look in late_looks(ratios, 100):
            late = np.minimum(late, least_level([look], sessions))
            by_rounds[look.rounds] = late
        for estimator in (PLAIN, LIBRARY):
            early = least_level(early_looks(ratios, estimator), sessions)
            found = [float(np.quantile(np.minimum(early, by_rounds[most]), 0.05)) for most in (30, 60, 100)]
            print(f"{k:>3} {estimator.name:<11}{found[0]:>11.4f}{found[1]:>11.4f}{found[2]:>12.4f}", flush=True)


@dataclass(frozen=True)
class Job:
    """A table with known times."""

    name: str
    seconds: tuple[float, ...]
    """Mean seconds of every cell, the baseline first."""
    groups: tuple[int, ...]
    """Where the tasks of every cell run: 0 in the measuring process, 1 in other processes."""


JOBS = (
    Job("identical", (0.2,) * 6, (0,) * 6),
    Job("primes", (0.177, 0.178, 0.182, 0.178, 0.179, 0.101, 0.100), (0, 0, 0, 0, 0, 1, 1)),
    Job("download", (0.75, 0.075, 0.11, 0.07, 0.08, 0.25, 0.42), (0, 0, 0, 0, 0, 1, 1)),
)
PLAYED = ((PLAIN, BEFORE), (PLAIN, RESTING), (LIBRARY, RESTING))
PLAYED_ON = ("normal", "shared", "cpu")


def sessions_of(sessions: int) -> None:
    """Print what the stop rules cost, and what they claim."""
    print("\nsessions: played by the stop rule; per session")
    print(
        f"{'job':<11}{'noise':<9}{'cells':<14}{'estimator':<11}{'rule':<10}{'rounds':>8}{'executions':>12}{'saved':>8}"
        f"{'seconds':>9}{'at 3':>7}{'undecided':>11}{'wrong':>8}{'lost star':>11}"
    )
    cases = [(job, noise, "equal") for job in JOBS for noise in PLAYED_ON]
    cases += [(JOBS[0], "normal", pattern) for pattern in PATTERNS[3:]]
    for job, noise, pattern in cases:
        k, before = len(job.seconds) - 1, 0.0
        draw = np.random.default_rng([NOISES.index(noise), PATTERNS.index(pattern), k, len(job.name)])
        logs = noise_of(noise, (sessions, 1 + k, ROUNDS), draw) * scales(pattern, k)[:, None]
        logs += np.log(job.seconds)[:, None]
        for estimator, resting in PLAYED:
            ended = play(logs, job.groups, estimator, resting)
            executions = float(ended.taken.sum(axis=(1, 2)).mean())
            before = before or executions
            print(
                f"{job.name:<11}{noise:<9}{pattern:<14}{estimator.name:<11}{resting.name:<10}"
                f"{_in_words(job, ended, executions, 1 - executions / before)}",
                flush=True,
            )


def _in_words(job: Job, ended: Played, executions: float, saved: float) -> str:
    """The figures of a line."""
    seconds = np.array(job.seconds)
    truth = seconds[0] / seconds[1:]
    said = ended.verdicts
    wrong = ((said == 1) & (truth <= 1)) | ((said == 2) & (truth >= 1))
    wrong |= (said == 3) & (np.abs(np.log(truth)) > _BAND)
    lost = (~ended.fastest & (seconds <= seconds.min())).any(axis=1)
    rounds = ended.taken.any(axis=1).sum(axis=1)
    at_three = (said > 0) & (ended.taken[:, 1:].sum(axis=2) == FEWEST)
    took = (ended.taken.sum(axis=2) * seconds).sum(axis=1)
    return (
        f"{rounds.mean():>8.1f}{executions:>12.1f}{saved:>8.0%}{took.mean():>9.2f}{float(at_three.mean()):>7.0%}"
        f"{float((said == 0).mean()):>11.1%}{float(wrong.any(axis=1).mean()):>8.2%}{float(lost.mean()):>11.2%}"
    )


PARTS = {"claims": claims, "power": power, "levels": levels, "sessions": sessions_of}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="a tenth of the sessions")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=[*PARTS])
    arguments = parser.parse_args()
    sessions = max(200, arguments.sessions // 10 if arguments.quick else arguments.sessions)
    began = perf_counter()
    check()
    print(f"{sessions:,} sessions for each line")
    for part in arguments.parts:
        PARTS[part](sessions)
        print(f"({perf_counter() - began:.0f} s so far)", flush=True)


if __name__ == "__main__":
    main()
