"""Files of URLs, well-formed and not."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from concbench import Download
from concbench.errors import BadInput
from concbench.workloads.download.urls import read_urls


def test_comments_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    """White space around a URL is ignored as well."""
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
        "http://h:0/a",
        "http://user@h/a",
        "http://user:secret@h/a",
        "http://h\\@other/a",
        "http:\\\\h\\a",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "//h/a",
        "http://h/\u202egnp.a",
    ],
)
def test_a_malformed_line_is_named_by_its_number(line: str, tmp_path: Path) -> None:
    """This holds for any fault."""
    file = tmp_path / "urls.txt"
    file.write_text(f"# first\nhttp://example.org/a\n{line}\n")
    with pytest.raises(BadInput, match="line 3"):
        read_urls(str(file))


PARTS = st.sampled_from([
    "http", "https", "HTTP", "file", "ftp", "javascript", "data", ":", "//", "/", "\\", "@", "user", "h", "..",
    "[::1]", "[", "]", ":0", ":80", ":65536", ":-1", ":\u0661", "%00", "%2e", "?", "#", " ", "\t", "\x00", "\x1b",
    "\u202e", "\u2028", "\u00e9", "\u2100", "\n", "http://h/a.png",
])  # fmt: skip
CONTENTS = (
    st.binary(max_size=60)
    | st.lists(PARTS, max_size=8).map(lambda parts: "".join(parts).encode())
    | st.lists(PARTS, max_size=4).map(lambda parts: f"http://{''.join(parts)}".encode())
)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=CONTENTS)
def test_any_bytes_are_urls_of_http_or_refused_with_a_sentence(content: bytes, tmp_path: Path) -> None:
    """They have a host and a possible port, and nothing that two clients may read differently."""
    file = tmp_path / "urls.txt"
    file.write_bytes(content)
    try:
        urls = read_urls(str(file))
    except BadInput as refused:
        assert "urls.txt" in str(refused)
        return
    assert urls
    for url in urls:
        scheme, _, rest = url.partition("://")
        server = re.split("[/?#]", rest)[0]
        assert scheme.lower() in {"http", "https"}
        assert re.fullmatch(r"(\[[^\[\]@]+\]|[^\[\]@:]+)(:[0-9]*)?", server), url
        assert url.isprintable()
        assert not set(url) & set(" \\")


@pytest.mark.parametrize("content", [b"", b"# nothing\n\n", b"\xff\xfe\x00\x01"])
def test_a_file_without_urls_is_refused(content: bytes, tmp_path: Path) -> None:
    """It is empty, has only comments, or is not text."""
    file = tmp_path / "urls.txt"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"urls\.txt"):
        read_urls(str(file))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The message has the system's reason."""
    with pytest.raises(BadInput, match="No such file"):
        read_urls(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "ftp://host/a.png", "http://user:secret@host/a.png", "nonsense"]
)
def test_urls_that_are_given_are_held_to_the_same(url: str) -> None:
    """Nothing is requested."""
    with pytest.raises(BadInput, match="urls: "):
        Download(urls=["http://127.0.0.1:1/a.png", url])
