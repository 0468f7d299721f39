"""Files of URLs, well-formed and not."""

from pathlib import Path

import pytest

from concbench.errors import BadInput
from concbench.workloads.url_file import read_urls


def test_comments_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    """And white space around a URL."""
    file = tmp_path / "urls.txt"
    file.write_text("# images\n\n  http://example.org/a.png  \nhttps://example.org:8443/b.png\n")
    assert read_urls(str(file)) == ["http://example.org/a.png", "https://example.org:8443/b.png"]


@pytest.mark.parametrize(
    "line",
    [
        "ftp://h/a",
        "file:///etc/passwd",
        "h/a.png",
        "http://",
        "http:///a",
        "http://h:99999/a",
        "http://h/a b",
        "http://[::1/a",
    ],
)
def test_a_malformed_line_is_named_by_its_number(line: str, tmp_path: Path) -> None:
    """Whatever is wrong with it."""
    file = tmp_path / "urls.txt"
    file.write_text(f"# first\nhttp://example.org/a\n{line}\n")
    with pytest.raises(BadInput, match="line 3"):
        read_urls(str(file))


@pytest.mark.parametrize("content", [b"", b"# nothing\n\n", b"\xff\xfe\x00\x01"])
def test_a_file_without_urls_is_refused(content: bytes, tmp_path: Path) -> None:
    """Empty, only comments, or no text."""
    file = tmp_path / "urls.txt"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"urls\.txt"):
        read_urls(str(file))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(BadInput, match="No such file"):
        read_urls(str(tmp_path / "nowhere"))
