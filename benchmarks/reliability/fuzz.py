"""Hostile results files: is each refused with a sentence or shown in every format, and never anything else?

    python benchmarks/reliability/fuzz.py [--examples 2000] [--seconds 600] [--seed 1]
    python benchmarks/reliability/fuzz.py --again FILE

Real results files, observed passes included, are damaged: bytes are flipped, cut and repeated; values of the JSON are
replaced by nasty ones, removed, repeated, swapped. Each is then loaded, and what is loaded is shown: tables, reasons
(--why), trace, environment, JSON. It is broken if anything but BadResults is raised, a warning included, if what is
shown would reach a terminal as an escape sequence, or if it takes more than five seconds. A file that is broken is
kept, and its path is printed: --again does it once more. The exit code is 1 if any is broken.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))

from damaged_results import FORMATS, LONGEST, TooLong, example, interrupt, originals, outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    warnings.simplefilter("error")
    if arguments.again:
        print(outcome(arguments.again.read_text(encoding="utf-8", errors="surrogatepass")))
        return 0
    signal.signal(signal.SIGALRM, interrupt)
    texts = originals()
    for text in texts:
        assert outcome(text) == "shown", "the files that are damaged are whole"
    began, counted, longest = time.monotonic(), Counter[str](), 0.0
    for number in range(arguments.examples):
        if time.monotonic() - began > arguments.seconds:
            break
        text = example(texts, arguments.seed, number)
        start = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, LONGEST)
        try:
            counted[outcome(text)] += 1
        except (Exception, TooLong):  # noqa: BLE001 - any of them is what the search looks for
            counted["BROKEN"] += 1
            path = Path(tempfile.gettempdir()) / f"broken-{arguments.seed}-{number}.json"
            path.write_text(text, encoding="utf-8", errors="surrogatepass")
            print(f"--again {path}: {traceback.format_exc(limit=-3)}", flush=True)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        longest = max(longest, time.monotonic() - start)
    print(
        f"{counted.total()} hostile files (seed {arguments.seed}): {counted['refused']} refused with a sentence, "
        f"{counted['shown']} shown in {len(FORMATS)} formats, {counted['BROKEN']} broken; the longest took "
        f"{longest:.2f} s"
    )
    return 1 if counted["BROKEN"] else 0


if __name__ == "__main__":
    sys.exit(main())
