#!/usr/bin/env python3
"""Counts the instructions of one operation, for each workload on each system, and prints them as a markdown table.

Every pair runs under callgrind at two sizes. The difference of the two counts, divided by the difference of the
operations, is the cost of one operation: what happens once, such as start-up, cancels.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from programs import HERE, SYSTEMS, TITLES, choices, find_programs, say

README = HERE / "README.md"
# What is expected, by system and workload.
COUNTS = HERE / "counts.json"
# Counts differ a little between processors, since the C library copies memory with what each of them has.
TOLERANCE_PERCENT = 3
TABLE = re.compile(r"(<!-- table -->\n).*?(<!-- end of table -->)", re.DOTALL)


@dataclass(frozen=True)
class Workload:
    operation: str
    sizes: tuple[int, int]
    # Operations to a unit of size, as a fraction.
    operations: int = 1
    per_units: int = 1

    def per_operation(self, small: int, large: int) -> int:
        # Peers that hash with random keys differ by this much between two runs of the same size.
        if abs(large - small) * 1_000 < small:
            return 0
        units = self.sizes[1] - self.sizes[0]
        return round((large - small) * self.per_units / (units * self.operations))


WORKLOADS = {
    "w1": Workload("a yield among 1,000 tasks", (50, 150), operations=1_000),
    "w2": Workload("a sleep among 10,000 tasks", (10, 30), operations=10_000),
    "w4": Workload("a TCP round trip of 64 bytes", (1_000, 3_000)),
    "w5": Workload("a write of 16 KiB through one TCP connection", (1_000, 3_000)),
    "w6": Workload("a datagram of 64 bytes to one of 50 hosts", (100, 300), operations=50),
    "w7": Workload("a tiny simulation", (100, 300)),
    "w8": Workload("a heartbeat of a host among hundreds", (200, 400), operations=60),
    "w8t": Workload("a tick of a host among hundreds", (200, 400), operations=60),
    "w9": Workload("spawn and join", (5_000, 15_000)),
    "idle": Workload("an idle virtual hour of 1,000 hosts", (3_600, 363_600), per_units=3_600),
}


REFERENCE = "seedbed-random"


def main() -> None:
    arguments = parse_arguments()
    if shutil.which("valgrind") is None:
        sys.exit("count.py: valgrind is not installed, and nothing else counts instructions here; "
                 "on Debian or Ubuntu: apt-get install valgrind")
    programs = find_programs(arguments.systems, build=not arguments.no_build)
    counts: dict[tuple[str, str], int] = {}
    for system in arguments.systems:
        program, has = programs.get(SYSTEMS[system], (None, set()))
        if not any(known == system for known, _ in has):
            say(f"skipped: {system} is not in this build")
            continue
        for name in arguments.workloads:
            if (system, name) in has:
                counts[system, name] = measure(program, system, name)
    if not counts:
        sys.exit("count.py: nothing was measured")
    if arguments.compare:
        return compare(counts)
    if arguments.keep:
        return keep(counts)
    table = markdown(counts, arguments.systems, arguments.workloads)
    print(table)
    if arguments.update:
        write_to_readme(table)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", type=choices(SYSTEMS), default=list(SYSTEMS), metavar="A,B",
                        help=f"which of {', '.join(SYSTEMS)}; all by default")
    parser.add_argument("--workloads", type=choices(WORKLOADS), default=list(WORKLOADS), metavar="A,B",
                        help=f"which of {', '.join(WORKLOADS)}; all by default")
    parser.add_argument("--no-build", action="store_true", help="measure what was built before")
    parser.add_argument("--compare", action="store_true",
                        help=f"show the counts beside those of {COUNTS.name}, and warn where they differ by more than "
                             f"{TOLERANCE_PERCENT} %%")
    parser.add_argument("--keep", action="store_true", help=f"write the counts into {COUNTS.name}")
    parser.add_argument("--update", action="store_true", help="also write the table into README.md")
    return parser.parse_args()


def measure(program: Path, system: str, name: str) -> int:
    workload = WORKLOADS[name]
    small, large = (count(program, system, name, size) for size in workload.sizes)
    cost = workload.per_operation(small, large)
    say(f"{system} {name}: {small:,} at {workload.sizes[0]:,}, {large:,} at {workload.sizes[1]:,}: {cost:,}")
    return cost


def count(program: Path, system: str, workload: str, size: int) -> int:
    """Runs a workload once under callgrind, and gives the instructions that it took."""
    with tempfile.TemporaryDirectory() as directory:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={directory}/out",
                   str(program), system, workload, str(size)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    collected = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode != 0 or collected is None:
        sys.exit(f"count.py: {' '.join(command)} failed with code {done.returncode}:\n{done.stderr}")
    return int(collected.group(1))


def compare(counts: dict[tuple[str, str], int]) -> None:
    try:
        kept = json.loads(COUNTS.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.exit(f"count.py: {COUNTS} cannot be read ({error}); write it with --keep")
    for (system, name), cost in counts.items():
        expected = kept.get(system, {}).get(name)
        if expected is None:
            print(f"{name:4} {TITLES[system]}: {cost:,}; nothing is committed for it")
            continue
        percent = 100 * (cost - expected) / expected
        print(f"{name:4} {TITLES[system]}: {cost:,}, committed {expected:,}, {percent:+.1f} %")
        if abs(percent) > TOLERANCE_PERCENT:
            print(f"warning: {name} has changed by {percent:+.1f} %: say why in the commit, and write the new count with "
                  f"benches/count.py --systems {system} --workloads {name} --keep")


def keep(counts: dict[tuple[str, str], int]) -> None:
    try:
        kept = json.loads(COUNTS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # There is none, or it is no longer one: then it begins anew.
        kept = {}
    for (system, name), cost in counts.items():
        kept.setdefault(system, {})[name] = cost
    COUNTS.write_text(json.dumps(kept, indent=4, sort_keys=True) + "\n", encoding="utf-8")


def markdown(counts: dict[tuple[str, str], int], systems: list[str], workloads: list[str]) -> str:
    columns = [system for system in systems if any(known == system for known, _ in counts)]
    lines = ["| workload | one operation | " + " | ".join(TITLES[system] for system in columns) + " |",
             "| --- | --- |" + " ---: |" * len(columns)]
    for name in workloads:
        reference = counts.get((REFERENCE, name))
        cells = [cell(counts.get((system, name)), None if system == REFERENCE else reference) for system in columns]
        lines.append(f"| {name} | {WORKLOADS[name].operation} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(cost: int | None, reference: int | None) -> str:
    if cost is None:
        return "–"
    # A reference of next to nothing, as idle hosts should cost, has no meaningful multiples.
    if reference is None or reference < 10:
        return f"{cost:,}"
    return f"{cost:,} ({cost / reference:.1f}×)"


def write_to_readme(table: str) -> None:
    text = README.read_text(encoding="utf-8")
    replaced, found = TABLE.subn(lambda match: f"{match[1]}{table}\n{match[2]}", text)
    if found != 1:
        sys.exit("count.py: README.md has no place for the table")
    README.write_text(replaced, encoding="utf-8")


if __name__ == "__main__":
    main()
