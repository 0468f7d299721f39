"""Texts that came from elsewhere, as text: an escape sequence in a name must not reach a terminal as one."""

MOST = 10_000
"""Characters of a text that are shown: laying out a name of megabytes would take minutes."""


def visible(text: str) -> str:
    r"""The text with every character that is not printable written out, such as \x1b; a newline is a space."""
    cut = text if len(text) <= MOST else f"{text[: MOST - 3]}..."
    return "".join(
        character if character.isprintable() else " " if character == "\n" else repr(character)[1:-1]
        for character in cut
    )
