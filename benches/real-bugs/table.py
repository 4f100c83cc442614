#!/usr/bin/env python3
"""Builds each scenario with both versions of its crate, runs them on Seedbed, and prints how many runs each search needs.

`table.py [--runs N] [--shrink] [--write] [NAME …]`: with names only the bugs whose names contain one of them; with `--shrink` what is left of
their failures once they are shrunk; with `--write` the table replaces the one in README.md. The exit status is 1 if a bug was not found within
1,000 runs or a fixed version failed; with `--shrink`, if too much is left or it took too many runs.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
TARGET = HERE.parent.parent / "target" / "real-bugs"
TABLE = re.compile(r"(<!-- table -->\n).*?(<!-- end of table -->)", re.DOTALL)
SHRUNK = re.compile(r"(<!-- shrunk -->\n).*?(<!-- end of shrunk -->)", re.DOTALL)
# So many failures of each of three strategies are shrunk.
FAILURES = 7
STRATEGIES = ["random", "walk", "urw", "surw", "pos", "pct", "delay"]
# In how many of 1,000 runs a uniform random walk over ready tasks on another executor shows the bug: see README.md.
ELSEWHERE = {
    "tower-callall": 506,
    "flume-order": 371,
    "token-waker": 368,
    "event-listener-cache": 147,
    "yamux-drop": 142,
    "tokio-mutex-cancel": 126,
    "hyper-shutdown-flush": 104,
    "deadpool-cancel": 91,
    "tokio-mpsc-close": 40,
    "ws-pong": 10,
}
BLOCK = 1_000


def measure(bug: str, version: str, *arguments: str) -> dict[str, str]:
    """Builds one version and runs it."""
    package = HERE / "open" / bug / version
    environment = os.environ | {"CARGO_TARGET_DIR": str(TARGET)}
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked"], cwd=package, env=environment, check=True)
    program = TARGET / "release" / f"{bug}-{version}"
    line = subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout
    return dict(word.split("=", 1) for word in line.split())


def needs(hits: int, runs: int) -> str:
    """The mean number of runs to the first that fails."""
    return f"{runs / hits:.1f}" if hits else ">"


def each(ended: str) -> str:
    """What the search with few deviations says."""
    word, depth, runs = ended.split(":")
    if word == "found":
        return f"{depth} in {runs}"
    return f"none up to {depth} in {runs}" if word == "exhausted" else f"none below {depth} in {runs}, cut off"


def row(bug: str, buggy: dict[str, str], fixed: dict[str, str], runs: int) -> str:
    few = min(runs, BLOCK)
    firsts = [int(first) if first.isdigit() else None for first in buggy["portfolio_firsts"].split(",")]
    found = [first for first in firsts if first is not None]
    mean = f"{sum(found) / len(found):.1f}" if found else ">"
    worst = "never" if None in firsts else str(max(found))
    alarms = sum(int(fixed[name]) for name in ["random_ideal", *STRATEGIES, "portfolio"])
    searches = [fixed["each_ideal"], fixed["each_varying"]]
    alarms += sum(ended.startswith("found") for ended in searches) + (fixed["production"] == "fails")
    cells = [bug, needs(ELSEWHERE[bug], 1_000) if bug in ELSEWHERE else "", buggy["production"]]
    cells += [needs(int(buggy["random_ideal"]), few)]
    cells += [needs(int(buggy[name]), few) for name in STRATEGIES]
    cells += [needs(int(buggy["portfolio"]), runs), f"{mean} ({worst})"]
    cells += [each(buggy["each_ideal"]), each(buggy["each_varying"]), str(alarms)]
    return f"| {' | '.join(cells)} |"


def shrunk(bugs: list[str]) -> tuple[str, bool]:
    """The table of what is left of failures once they are shrunk, and whether that is little."""
    lines = ["| bug | failures | preemptions found | left | exceptions left | faults left | runs | most runs | as few as can be |"]
    lines.append(f"| --- {'| ---: ' * 8}|")
    names = ["shrunk", "preemptions_found", "preemptions", "exceptions", "faults", "runs", "compared", "equal"]
    total = dict.fromkeys([*names, "runs_max"], 0)

    def row(bug: str, left: dict[str, int]) -> str:
        means = [left[name] / left["shrunk"] for name in ["preemptions_found", "preemptions", "exceptions", "faults", "runs"]]
        fewest = f"{left['equal']} of {left['compared']}" if left["compared"] else "not known"
        cells = [bug, str(left["shrunk"]), *(f"{mean:.1f}" for mean in means), str(left["runs_max"]), fewest]
        return f"| {' | '.join(cells)} |"

    for bug in bugs:
        print(bug, file=sys.stderr)
        left = {name: int(value) for name, value in measure(bug, "buggy", "shrink", str(FAILURES)).items()}
        lines.append(row(bug, left))
        for name in names:
            total[name] += left[name]
        total["runs_max"] = max(total["runs_max"], left["runs_max"])
    lines.append(row("all", total))
    is_little = total["preemptions"] <= 2 * total["shrunk"] and total["runs"] <= 100 * total["shrunk"]
    return "\n".join(lines) + "\n", is_little and 10 * total["equal"] >= 9 * total["compared"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000, help="seeds of the portfolio (10000)")
    parser.add_argument("--shrink", action="store_true", help="what is left of failures once they are shrunk")
    parser.add_argument("--write", action="store_true", help="replace the table in README.md")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs must be at least 1")
    bugs = sorted(path.name for path in (HERE / "open").iterdir() if path.is_dir())
    bugs = [bug for bug in bugs if not arguments.names or any(name in bug for name in arguments.names)]
    if not bugs:
        parser.error(f"no bug is called so; there are: {', '.join(sorted(ELSEWHERE))}")
    if arguments.shrink:
        table, is_little = shrunk(bugs)
        print(table, end="")
        if arguments.write:
            README.write_text(SHRUNK.sub(lambda match: match[1] + table + match[2], README.read_text()))
        return 0 if is_little else 1
    heads = ["bug", "random walk elsewhere", "production", "random, ideal", *STRATEGIES, "portfolio"]
    heads += ["portfolio: first of 1,000 (worst)", "each, ideal", "each, varying", "alarms on the fixed one"]
    lines = [f"| {' | '.join(heads)} |", f"| --- {'| ---: ' * (len(heads) - 1)}|"]
    is_sound = True
    for bug in bugs:
        print(bug, file=sys.stderr)
        buggy, fixed = (measure(bug, version, str(arguments.runs)) for version in ["buggy", "fixed"])
        lines.append(row(bug, buggy, fixed, arguments.runs))
        is_sound &= "never" not in buggy["portfolio_firsts"] and lines[-1].endswith("| 0 |")
    table = "\n".join(lines) + "\n"
    print(table, end="")
    if arguments.write:
        README.write_text(TABLE.sub(lambda match: match[1] + table + match[2], README.read_text()))
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
