"""Exit codes: one table for people, one module for the program, and an order of precedence that both state."""

import re
from itertools import combinations
from pathlib import Path

from concbench import exit_codes
from concbench.exit_codes import PRECEDENCE, worst

SECTION = (
    (Path(__file__).parents[1] / "docs" / "reference" / "cli.md").read_text("utf-8").partition("\n## Exit codes\n")[2]
)


def test_the_reference_has_every_code_with_its_name_and_the_precedence() -> None:
    """They are in the order of the numbers; the precedence is a sentence below."""
    named = {name: value for name, value in vars(exit_codes).items() if isinstance(value, int)}
    rows = re.findall(r"^\| (\d+) \| `([A-Z]+)` \| .", SECTION, flags=re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == sorted((value, name) for name, value in named.items())
    said = re.search(r"the first of these is returned: ([\d, ]+)\.", SECTION)
    assert said is not None
    assert tuple(int(code) for code in said[1].split(", ")) == PRECEDENCE


def test_of_several_codes_the_first_by_precedence_is_returned() -> None:
    """Their order and number do not matter."""
    for first, second in combinations(PRECEDENCE, 2):
        assert worst(first, second) == worst(second, first) == worst(second, first, second) == first
    assert worst(*sorted(PRECEDENCE)) == exit_codes.TERMINATED
