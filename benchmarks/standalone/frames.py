"""A user's work with pandas, if it is installed: read CSV files. Imported like `objects.py`."""

import pandas as pd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from typing import Any


def frame(path: str) -> pd.DataFrame:
    """Read a CSV file."""
    return pd.read_csv(path)


def send(sender: "Connection", function: "Callable[[Any], Any]", item: "Any") -> None:
    """Be a process for one item, in a program written by hand."""
    sender.send(function(item))
    sender.close()
