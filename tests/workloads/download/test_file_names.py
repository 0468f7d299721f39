"""File names from hostile addresses."""

from functools import partial
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from concbench.workloads.download.file_names import file_names

SEGMENTS = (
    st.text(max_size=40) | st.text(alphabet="aA.-2%/?#", max_size=6) | st.sampled_from(["con", "NUL.txt", "a" * 300])
)


@given(st.lists(SEGMENTS | SEGMENTS.map(partial(quote, safe="")), max_size=20))
def test_names_are_safe_and_never_collide(segments: list[str]) -> None:
    """No name has a path in it, none is hidden, and no two are the same without case and final dots."""
    names = file_names([f"http://example.org/{segment}" for segment in segments])
    assert len({name.lower() for name in names}) == len(segments)
    for name in names:
        assert name == PurePosixPath(name).name == PureWindowsPath(name).name
        assert not name.startswith(".")
        assert not name.endswith(".")
        assert name.partition(".")[0].lower() not in {"con", "prn", "aux", "nul"}
        assert name.isascii()
        assert name.isprintable()
        assert 0 < len(name) < 150


def test_the_last_segment_is_the_name() -> None:
    """It is without query and fragment, and percent-decoded."""
    assert file_names(["http://h/a/b/photo%20one.png?size=2#top"]) == ["photo_one.png"]


def test_equal_names_are_numbered() -> None:
    """The number stands before the ending, so that the type is unchanged."""
    urls = ["http://a/x.png", "http://b/x.png", "http://c/X.PNG", "http://d/"]
    assert file_names(urls) == ["x.png", "x-2.png", "X-3.PNG", "image"]


def test_very_many_equal_names_take_no_time() -> None:
    """Each is numbered on from the last."""
    assert file_names(["http://h/a.png"] * 30_000)[-1] == "a-30000.png"


def test_traversal_and_device_names_are_made_harmless() -> None:
    """Whatever follows the last slash becomes one plain name."""
    urls = ["http://h/..%2f..%2fetc%2fpasswd", "http://h/%2e%2e", "http://h/con.png", "http://h/..%5cboot.ini"]
    assert file_names(urls) == ["passwd", "image", "_con.png", "_boot.ini"]
