"""Addresses of pages of the documentation site."""

SITE = "https://concbench.readthedocs.io/en/latest/"


def address(page: str) -> str:
    """The address of a page, given by its path in docs/ without suffix: pitfalls/gil, pitfalls/index."""
    folder, _, name = page.rpartition("/")
    return f"{SITE}{folder if name == 'index' else page}/"
