"""Three functions: one waits, one computes, one is over before it could be handed to anybody."""

from urllib.request import urlopen


def fetch(url):
    with urlopen(url) as answer:
        return len(answer.read())


def longest_chain(limit):
    """The number below `limit` whose Collatz chain is longest."""
    best, longest = 1, 1
    for start in range(2, limit):
        number, length = start, 1
        while number != 1:
            number = number // 2 if number % 2 == 0 else 3 * number + 1
            length += 1
        if length > longest:
            best, longest = start, length
    return best


def gross(amount):
    return round(amount * 1.19, 2)
