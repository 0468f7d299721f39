"""The documentation as a site: where a page of it is found by whoever has no copy of the source."""

SITE = "https://concbench.readthedocs.io/en/latest/"


def address(page: str) -> str:
    """The address of a page that is named by its place in docs/: pitfalls/gil, pitfalls/index."""
    folder, _, name = page.rpartition("/")
    return f"{SITE}{folder if name == 'index' else page}/"
