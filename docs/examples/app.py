"""What an application might do to each of its files."""

import time


def fetch(name):
    time.sleep(0.01)  # the network
    return name.upper()


def names():
    return [f"file-{number}" for number in range(20)]
