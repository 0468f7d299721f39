"""Products of primes, by two algorithms. Nothing is imported here: a spawned worker pays for each import.

Trial division is slow on purpose: pure Python that holds the GIL from its first step to its last. The sieve gives the
same products by a better algorithm, which checks the slow ones and shows what an algorithm is worth beside more cores.
"""


def product_of_primes(n: int) -> int:
    """Multiply the primes below n, found by trial division: below 10, these are 2, 3, 5 and 7; the product is 210.

    Each candidate is divided by every number up to its half, and the primes are multiplied one by one.
    """
    product = 1
    for candidate in range(2, n):
        for divisor in range(2, candidate // 2 + 1):
            if candidate % divisor == 0:
                break
        else:
            product *= candidate
    return product


def product_of_primes_by_sieve(n: int) -> int:
    """The same product, by a sieve of Eratosthenes (numpy) and a balanced product."""
    import numpy as np

    n = max(n, 2)
    is_prime = np.ones(n, dtype=bool)
    is_prime[:2] = False
    for divisor in range(2, int(n**0.5) + 1):
        if is_prime[divisor]:
            is_prime[divisor * divisor :: divisor] = False
    return _product([int(prime) for prime in np.flatnonzero(is_prime)])


def _product(factors: list[int]) -> int:
    """Multiply in pairs of similar length: one by one, every step would be as long as the whole product."""
    while len(factors) > 1:
        odd = factors[-1:] if len(factors) % 2 else []
        factors = [left * right for left, right in zip(factors[::2], factors[1::2], strict=False)] + odd
    return factors[0] if factors else 1
