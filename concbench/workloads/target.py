"""Where a download goes. In a file of its own, and a plain class: every worker process imports this."""


class Image:
    """One image to fetch."""

    __slots__ = ("path", "url")

    def __init__(self, url: str, path: str) -> None:
        self.url = url
        self.path = path
        """The file that it is written to."""

    def __repr__(self) -> str:
        return f"Image({self.url!r}, {self.path!r})"
