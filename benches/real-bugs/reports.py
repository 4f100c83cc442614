#!/usr/bin/env python3
"""Builds the scenarios that stand still with the buggy version of their crate, with debug information, and compares their reports with those
that lie here.

`reports.py [--write] [NAME …]`: with names only the bugs whose names contain one of them; with `--write` the reports replace the files
`open/BUG/deadlock.txt`. The exit status is 1 if a report is another one.
"""

import argparse
import difflib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / "target" / "real-bugs"
# A run of each that stands still: seed, strategy, network.
RUNS = {
    "event-listener-cache": ["6", "random", "0"],
    "tokio-mpsc-close": ["0", "walk", "0"],
    "tower-callall": ["0", "random", "0"],
}


def report(bug: str) -> str:
    """Builds the program of a bug, and makes the run."""
    package = HERE / "open" / bug / "buggy"
    environment = os.environ | {"CARGO_TARGET_DIR": str(TARGET)}
    subprocess.run(["cargo", "build", "--quiet", "--locked"], cwd=package, env=environment, check=True)
    program = TARGET / "debug" / f"{bug}-buggy"
    text = subprocess.run([program, *RUNS[bug]], check=True, capture_output=True, text=True).stdout
    # The compiler names sources of other packages with their whole paths.
    return text.replace(f"{ROOT}/", "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace the files")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    bugs = [bug for bug in RUNS if not arguments.names or any(name in bug for name in arguments.names)]
    if not bugs:
        parser.error(f"no bug with a report is called so; there are: {', '.join(RUNS)}")
    is_same = True
    for bug in bugs:
        file = HERE / "open" / bug / "deadlock.txt"
        text = report(bug)
        if arguments.write:
            file.write_text(text)
            continue
        known = file.read_text() if file.exists() else ""
        if text != known:
            is_same = False
            lines = difflib.unified_diff(known.splitlines(), text.splitlines(), str(file), "now", lineterm="")
            print("\n".join(lines))
        print(f"{bug}: {'the same' if text == known else 'another report'}", file=sys.stderr)
    return 0 if is_same else 1


if __name__ == "__main__":
    sys.exit(main())
