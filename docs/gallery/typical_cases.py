"""The functions of the gallery: each is a typical case."""

import hashlib
import threading
import time


def fetch(number):
    """Tasks that wait for a server. Anything that waits for several at once gains; one core is enough."""
    time.sleep(0.02)  # the request
    return number


def count_primes(limit):
    """Tasks that compute in Python. Threads take turns with the GIL; processes use the second core."""
    return sum(all(number % divisor for divisor in range(2, int(number**0.5) + 1)) for number in range(2, limit))


def fingerprint(seed):
    """Tasks that compute in C code which releases the GIL. Threads use the second core, and nothing need be sent."""
    block = bytes([seed]) * 20_000_000
    return hashlib.sha256(block).hexdigest()


def add(number):
    """Tasks that are over in a few microseconds. Handing one to a worker takes longer than doing it."""
    return number + 1


def convert(seconds):
    """One task takes as long as twenty others, and it comes last. While it runs, the other workers are idle."""
    time.sleep(seconds)
    return seconds


def longest_word(words):
    """Tasks with large items and little work. A process gets its item by pickling, which takes longer than the work."""
    return max(words, key=len)


_LOCK = threading.Lock()


def save(number):
    """Tasks that hold one lock for all of their time. Threads wait in line for it; each process has its own."""
    with _LOCK:
        time.sleep(0.01)  # the write
    return number


_current = {"user": 0}


def greet(user):
    """Tasks that keep the current user in a global variable. Under threads, they greet each other's users."""
    _current["user"] = user
    time.sleep(0.005)  # the database
    return f"Hello, user {_current['user']}"
