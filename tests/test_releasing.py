"""The name and the text of a release: .ci/release.py, which the release workflow runs before it builds anything."""

import runpy
from pathlib import Path

import pytest

from concbench import __version__

ROOT = Path(__file__).parents[1]
CHANGELOG = """
## [Unreleased]

- c

## [0.2.0] - 2027-01-31

- b

## [0.1.0] - 2026-01-31

- a

[0.1.0]: https://example.org/releases/v0.1.0
"""
notes = runpy.run_path(str(ROOT / ".ci" / "release.py"))["notes"]


def test_the_changelog_has_the_version_of_the_code() -> None:
    """Unreleased changes stand above it; a version in development has only those, and cannot be released."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    unreleased, released = changelog.partition("\n## [Unreleased]\n")[2].split("\n## [", 1)
    if ".dev" in __version__:
        assert unreleased.strip()
        with pytest.raises(ValueError, match=r"CHANGELOG\.md says nothing"):
            notes(f"v{__version__}", __version__, changelog)
    else:
        assert notes(f"v{__version__}", __version__, changelog).strip() in released


@pytest.mark.parametrize(("version", "says"), [("0.2.0", "- b\n"), ("0.1.0", "- a\n")])
def test_a_release_says_the_section_of_its_version(version: str, says: str) -> None:
    """It contains neither its neighbours nor the links below."""
    assert notes(f"v{version}", version, CHANGELOG) == says


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "says"),
    [
        ("v0.2.1", "0.2.0", CHANGELOG, "tag it v0.2.0"),
        ("0.2.0", "0.2.0", CHANGELOG, "tag it v0.2.0"),
        ("v0.3.0", "0.3.0", CHANGELOG, "write it"),
        ("v0.2.0", "0.2.0", CHANGELOG.replace(" - 2027-01-31", ""), "write it"),
        ("v0.2.0", "0.2.0", CHANGELOG.replace("- b\n", ""), "write it"),
    ],
    ids=["other tag", "tag without v", "no section", "no date", "empty section"],
)
def test_a_release_that_is_not_ready_is_refused(tag: str, version: str, changelog: str, says: str) -> None:
    """Nothing has been built."""
    with pytest.raises(ValueError, match=says):
        notes(tag, version, changelog)
