"""Texts from elsewhere made safe: an escape sequence in a name must not reach a terminal."""

MOST = 10_000
"""Length in characters to which texts are cut: laying out a name of megabytes would take minutes."""


def printable(text: str) -> str:
    r"""The text with every unprintable character written as an escape such as \x1b, except for newlines."""
    return "".join(
        character if character.isprintable() or character == "\n" else repr(character)[1:-1] for character in text
    )


def visible(text: str) -> str:
    """The same as one line that can be laid out: newlines become spaces, and very long texts are cut."""
    cut = text if len(text) <= MOST else f"{text[: MOST - 3]}..."
    return printable(cut).replace("\n", " ")


def encodable(text: str, encoding: str) -> str:
    r"""The text with every character that an encoding lacks written as an escape such as \xe9, for its true width."""
    return text.encode(encoding, "backslashreplace").decode(encoding)
