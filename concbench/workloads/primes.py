"""The CPU-bound workload: the product of the primes below a limit, by trial division or by a sieve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Annotated, Any, ClassVar, Self

from concbench.errors import BadSetting
from concbench.machine import usable_cores
from concbench.values import LIMITS, Declared, one_of
from concbench.workloads.base import Workload, missing_package
from concbench.workloads.products import product_of_primes, product_of_primes_by_sieve

ARTICLE_LIMITS = (50328, 22756, 39371, 44832)
"""The four limits of the article."""
QUICK_LIMITS = (6700, 4200, 5400, 6200, 3700, 5000)
"""Six smaller ones: together about a fifth of a second of work."""
ALGORITHMS = {"trial": product_of_primes, "sieve": product_of_primes_by_sieve}
_ALGORITHM_NAMES = {"trial": "trial division", "sieve": "a sieve"}
_SIZES = one_of("quick", "article", "full")


class Primes(Workload):
    """Computing: products of primes by trial division, pure Python that holds the GIL."""

    name = "primes"
    kind: ClassVar[str] = "cpu"
    trusted: ClassVar[bool] = True

    def __init__(
        self,
        size: Annotated[str, Declared(_SIZES, "how much work")] = "quick",
        limits: Annotated[
            Sequence[int] | None, Declared(LIMITS, "these limits, instead of a size", excludes=("size",))
        ] = None,
        algorithm: Annotated[str, Declared(one_of(*ALGORITHMS), "trial division or a sieve")] = "trial",
    ) -> None:
        """Choose the limits by a size (quick, article, full) or one by one.

        Args:
            size: quick: about a fifth of a second; article: the article's four limits; full: four times those for
                each core, so that every core has work to its end.
            limits: whole numbers from 2 up, instead of a size.
            algorithm: trial or sieve.

        Raises:
            BadSetting: anything else, or limits and a size.
        """
        if limits is not None and size != "quick":
            raise BadSetting("give either limits or a size, not both")
        if algorithm not in ALGORITHMS:
            raise BadSetting(f"algorithm must be one of {', '.join(ALGORITHMS)}, not {algorithm!r}")
        if limits is not None and (not limits or min(limits) < 2):
            raise BadSetting(f"limits must be whole numbers, 2 or more, not {', '.join(map(str, limits)) or 'none'}")
        self.size = "" if limits is not None else size
        self.limits = tuple(limits) if limits is not None else _limits(size)
        self.algorithm = algorithm
        self._facts: dict[str, float | str] = {}

    @property
    def function(self) -> Callable[[Any], Any]:
        """The chosen algorithm."""
        if self.algorithm == "sieve":
            from importlib.util import find_spec  # here: a measuring process has no other use for it

            if find_spec("numpy") is None:
                raise missing_package("the sieve of primes", "numpy")
        return ALGORITHMS[self.algorithm]

    @property
    def items(self) -> Sequence[int]:
        """The limits."""
        return self.limits

    def title(self) -> str:
        """Number of products, their limits, and the algorithm."""
        least, most = f"{min(self.limits):,}", f"{max(self.limits):,}"
        below = least if least == most else f"{least} to {most}"
        products = "1 product" if len(self.limits) == 1 else f"{len(self.limits)} products"
        return f"{products} of primes below {below}, by {_ALGORITHM_NAMES[self.algorithm]}"

    @contextmanager
    def running(self, directory: str) -> Iterator[Self]:
        """Compute the products by the other algorithm first: every result is then checked against them."""
        del directory
        other = "trial" if self.algorithm == "sieve" else "sieve"
        ALGORITHMS[other](2)  # its imports
        started = perf_counter()
        self.expected = [ALGORITHMS[other](limit) for limit in self.limits]
        self._facts = {"other_algorithm": _ALGORITHM_NAMES[other], "other_algorithm_seconds": perf_counter() - started}
        yield self

    def facts(self) -> dict[str, float | str]:
        """The other algorithm, and the seconds that it took for all limits, measured once."""
        return self._facts

    def settings(self) -> dict[str, Any]:
        """The limits and the algorithm."""
        return {"limits": list(self.limits), "algorithm": self.algorithm}


def _limits(size: str) -> tuple[int, ...]:
    if size == "quick":
        return QUICK_LIMITS
    if size == "article":
        return ARTICLE_LIMITS
    if size == "full":
        return ARTICLE_LIMITS * max(usable_cores(), 1)
    raise BadSetting(f"size must be quick, article or full, not {size!r}")
