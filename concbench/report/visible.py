"""Texts that came from elsewhere, as text: an escape sequence in a name must not reach a terminal as one."""

MOST = 10_000
"""Characters of a text that are laid out: a name of megabytes would take minutes."""


def printable(text: str) -> str:
    r"""The text with every character that is not printable written out, such as \x1b, but for newlines."""
    return "".join(
        character if character.isprintable() or character == "\n" else repr(character)[1:-1] for character in text
    )


def visible(text: str) -> str:
    """The same as one line that can be laid out: newlines are spaces, and what is very long is cut."""
    cut = text if len(text) <= MOST else f"{text[: MOST - 3]}..."
    return printable(cut).replace("\n", " ")
