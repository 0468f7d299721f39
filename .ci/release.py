"""What a release is called and says: `python .ci/release.py TAG` prints the section of its version in CHANGELOG.md.

It fails with one line where the tag is not that of the version, or where the section is missing, undated or empty.
"""

import re
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def notes(tag: str, version: str, changelog: str) -> str:
    """The section of a version, without its heading."""
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, and the version in concbench/__init__.py is {version}: tag it v{version}")
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$"
    section = re.search(rf"{heading}(.*?)(?=^## |^\[[^]\n]+\]: |\Z)", changelog, flags=re.MULTILINE | re.DOTALL)
    if section is None or not section[1].strip():
        raise ValueError(f"CHANGELOG.md says nothing under a heading '## [{version}] - YEAR-MONTH-DAY': write it")
    return section[1].strip() + "\n"


def main() -> None:
    """Print the notes of the release."""
    if len(sys.argv) != 2:
        sys.exit("give one argument, the tag")
    version = runpy.run_path(str(ROOT / "concbench" / "__init__.py"))["__version__"]
    try:
        print(notes(sys.argv[1], version, (ROOT / "CHANGELOG.md").read_text("utf-8")), end="")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
