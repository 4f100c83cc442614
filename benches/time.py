#!/usr/bin/env python3
"""Measures what instructions do not tell: bytes per CPU second, growth with the number of hosts, memory.

The systems take turns, so that whatever else the machine does hits all of them alike, and the medians of the repeats
are shown. Times are CPU times of the process, user and system together, so that waiting for a core does not count.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from programs import SYSTEMS, TITLES, choices, find_programs, say

BULK_BYTES = 16_384
HEARTBEATS = 60
MIB = 1 << 20
# A run of this many CPU seconds is long enough to be measured.
CPU_SECONDS_MIN = 0.25
# A run that takes as many has got stuck.
CPU_SECONDS_MAX = 300
HOSTS = (2_500, 5_000, 10_000)
# What is compared for the memory of one more. A host has 16,384 ports for its connections to one address.
MEMORY = {"tasks": (20_000, 60_000), "connections": (4_000, 12_000)}
# Short tasks in one run, one after the other: their memory must not grow.
CHURN = (100_000, 10_000_000)
TICK_HOSTS = 10_000


@dataclass(frozen=True)
class Usage:
    cpu_seconds: float
    peak_bytes: int


Programs = dict[str, tuple[Path, set[str]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", type=choices(SYSTEMS), default=list(SYSTEMS), metavar="A,B",
                        help=f"which of {', '.join(SYSTEMS)}; all by default")
    parser.add_argument("--measures", type=choices(MEASURES), default=list(MEASURES), metavar="A,B",
                        help=f"which of {', '.join(MEASURES)}; all by default")
    parser.add_argument("--repeats", type=int, default=9, help="how often each is run; 9 by default")
    parser.add_argument("--no-build", action="store_true", help="measure what was built before")
    arguments = parser.parse_args()
    programs: Programs = {}
    found = find_programs(arguments.systems, build=not arguments.no_build)
    for system in arguments.systems:
        program, has = found.get(SYSTEMS[system], (Path(), set()))
        programs[system] = (program, {workload for known, workload in has if known == system})
    for name in arguments.measures:
        print(MEASURES[name](programs, arguments.repeats), end="\n\n", flush=True)


def bulk(programs: Programs, repeats: int) -> str:
    """How fast, and whether the memory that it takes grows with what is sent."""
    systems = having(programs, "w5")
    sizes = {system: bulk_sizes(programs, system) for system in systems}
    rates: dict[str, list[float]] = {system: [] for system in systems}
    peaks: dict[str, tuple[int, int]] = {}
    for _ in range(repeats):
        for system in systems:
            small, large = (run(programs, system, "w5", size) for size in sizes[system])
            sent = (sizes[system][1] - sizes[system][0]) * BULK_BYTES
            rates[system].append(sent / MIB / max(large.cpu_seconds - small.cpu_seconds, 1e-6))
            peaks[system] = (small.peak_bytes, large.peak_bytes)
    rows = [[TITLES[system], f"{median(rates[system]):,.0f}", *(f"{size * BULK_BYTES / MIB:,.0f} MiB: {peak / MIB:.1f} MiB"
             for size, peak in zip(sizes[system], peaks[system]))] for system in systems]
    return table(["w5", "MiB per CPU second", "peak memory after", "and after"], rows)


def bulk_sizes(programs: Programs, system: str) -> tuple[int, int]:
    """A size that takes long enough, and one an eighth of it. Both are odd: see `src/turmoil.rs`."""
    size = 1_001
    while run(programs, system, "w5", size).cpu_seconds < CPU_SECONDS_MIN:
        size = 2 * size + 1
    return (size // 8) | 1, size


def hosts(programs: Programs, repeats: int) -> str:
    """What a heartbeat costs among more and more hosts, and what one more host takes of memory."""
    systems = having(programs, "w8")
    usages: dict[tuple[str, int], list[Usage]] = {}
    for _ in range(repeats):
        for system in systems:
            for count in HOSTS:
                usages.setdefault((system, count), []).append(run(programs, system, "w8", count))
    rows = []
    for system in systems:
        seconds = [median(usage.cpu_seconds for usage in usages[system, count]) for count in HOSTS]
        peaks = [median(usage.peak_bytes for usage in usages[system, count]) for count in HOSTS]
        beats = [f"{1e9 * taken / (count * HEARTBEATS):,.0f}" for taken, count in zip(seconds, HOSTS)]
        one_more = (peaks[-1] - peaks[-2]) / (HOSTS[-1] - HOSTS[-2])
        rows.append([TITLES[system], *beats, f"{seconds[-1]:.2f}", f"{one_more:,.0f}"])
    titles = [f"ns a heartbeat, {count:,} hosts" for count in HOSTS]
    return table(["w8", *titles, f"CPU seconds, {HOSTS[-1]:,} hosts", "bytes for one more host"], rows)


def memory(programs: Programs, repeats: int) -> str:
    """What one more task, or connection with both its ends, takes of memory."""
    systems = [system for system in programs if MEMORY.keys() & programs[system][1]]
    rows = []
    for system in systems:
        cells = []
        for workload, (small, large) in MEMORY.items():
            if workload not in programs[system][1]:
                cells.append("–")
                continue
            peaks = [[run(programs, system, workload, size).peak_bytes for size in (small, large)]
                     for _ in range(min(repeats, 3))]
            cells.append(f"{median((more - less) / (large - small) for less, more in peaks):,.0f}")
        rows.append([TITLES[system], *cells])
    return table(["memory", "bytes for one more task", "bytes for one more connection"], rows)


def ticks(programs: Programs, repeats: int) -> str:
    """What ten thousand hosts cost that only sleep, all to the same instants."""
    systems = having(programs, "w8t")
    taken: dict[str, list[float]] = {system: [] for system in systems}
    for _ in range(repeats):
        for system in systems:
            taken[system].append(run(programs, system, "w8t", TICK_HOSTS).cpu_seconds)
    reference = median(taken["tokio-paused"]) if "tokio-paused" in taken else None
    rows = []
    for system in systems:
        seconds = median(taken[system])
        rows.append([TITLES[system], f"{1e9 * seconds / (TICK_HOSTS * HEARTBEATS):,.0f}", f"{seconds:.3f}",
                     f"{seconds / reference:.2f}" if reference else "–"])
    return table(["w8t", "ns a tick", f"CPU seconds, {TICK_HOSTS:,} hosts", "of tokio's"], rows)


def churn(programs: Programs, _repeats: int) -> str:
    """Whether short tasks leave something behind."""
    rows = []
    for system in having(programs, "w9"):
        peaks = [run(programs, system, "w9", size).peak_bytes / MIB for size in CHURN]
        rows.append([TITLES[system], *(f"{peak:.1f}" for peak in peaks)])
    return table(["churn", *(f"MiB after {size:,} tasks" for size in CHURN)], rows)


MEASURES = {"w5": bulk, "w8": hosts, "w8t": ticks, "memory": memory, "churn": churn}


def having(programs: Programs, workload: str) -> list[str]:
    return [system for system, (_, has) in programs.items() if workload in has]


def run(programs: Programs, system: str, workload: str, size: int) -> Usage:
    """Runs a workload once, and gives what it has used."""
    command = [str(programs[system][0]), system, workload, str(size)]
    limit = (CPU_SECONDS_MAX, CPU_SECONDS_MAX)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, limit))
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    # What `wait4` says of memory counts this script's own from before the program began.
    peak = re.search(r"peak memory: (\d+) kB", output)
    if status != 0 or peak is None:
        sys.exit(f"time.py: {' '.join(command)} failed with status {status}:\n{output}")
    taken = Usage(usage.ru_utime + usage.ru_stime, int(peak[1]) * 1_024)
    say(f"{system} {workload} {size:,}: {taken.cpu_seconds:.3f} s, {taken.peak_bytes / MIB:.1f} MiB")
    return taken


def table(titles: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(titles) + " |", "| --- |" + " ---: |" * (len(titles) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


if __name__ == "__main__":
    main()
