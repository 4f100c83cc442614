#!/usr/bin/env python3
"""Removes one rule of TCP at a time, and looks whether a test fails.

    tests/mutation/run.py [--only NAME] [--again] [--list] [--directory DIR]

The mutants are in mutants.py. A place that is not there exactly once is an error, so that the list cannot rot unseen. The tree at
HEAD is copied, so that edits under way are neither tested nor touched; all mutants are built into the copy at once, each behind a
number that the environment variable MUTANT chooses. A mutant is killed if a test fails, or if the tests take far longer than
without it. The result goes to tests/mutation/result.md.
"""

import argparse
import collections
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mutants import EXPLAINED, MUTANTS  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULT = ROOT / "tests/mutation/result.md"
SURVIVED = "**survived**"
INTEGRATION = ["tcp_close", "tcp_socket", "tcp_keepalive", "tcp", "linux_rules", "late_duplicates", "lose_any_packet"]
QUICK = ["tests::one_end", "tests::sender_rules", "keepalive", "resend", "rtt", "reset", "time_wait", "options"]
# From cheap to dear: a test binary with the tests that are run of it.
STAGES = [("sim_net", [f"tcp::{name}" for name in QUICK])]
STAGES += [(name, []) for name in INTEGRATION]
STAGES += [("sim_net", ["tcp::"])]
SWITCH = '''//! Which mutant is on.

/// Whether it is this one.
pub(crate) fn on(number: u32) -> bool {
    static CHOSEN: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let chosen = || std::env::var("MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    *CHOSEN.get_or_init(chosen) == number
}
'''


def place_of(mutant, text):
    """From where to where the expression is that the mutant replaces."""
    before, expression, after = re.fullmatch(r"(.*?)\[\[(.*)\]\](.*)", mutant.place, re.S).groups()
    whole = before + expression + after
    if text.count(whole) != 1:
        sys.exit(f"{mutant.name}: its place is {text.count(whole)} times in {mutant.file}, and must be there once")
    start = text.index(whole) + len(before)
    return start, start + len(expression)


def with_all_mutants(text, numbered):
    places = collections.defaultdict(list)
    for number, mutant in numbered:
        places[place_of(mutant, text)].append((number, mutant))
    last_start = len(text)
    for (start, end), here in sorted(places.items(), reverse=True):
        if end > last_start:
            sys.exit(f"{here[0][1].name}: its place overlaps that of another")
        replaced = text[start:end]
        for number, mutant in here:
            replaced = f"(if crate::mutation::on({number}) {{ {mutant.new} }} else {{ {replaced} }})"
        text, last_start = text[:start] + replaced + text[end:], start
    return text


def copy_tree(copy):
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "x"], cwd=copy, input=archive.stdout, check=True)
    by_file = collections.defaultdict(list)
    for numbered in enumerate(MUTANTS, 1):
        by_file[numbered[1].file].append(numbered)
    for file, numbered in by_file.items():
        path = copy / file
        path.write_text(with_all_mutants(path.read_text(), numbered))
    (copy / "sim-net/src/mutation.rs").write_text(SWITCH)
    library = copy / "sim-net/src/lib.rs"
    library.write_text(library.read_text() + "\nmod mutation;\n")


def build(copy, target):
    """The test binaries by their names."""
    command = ["cargo", "test", "--package", "sim-net", "--no-run", "--message-format=json", "--target-dir", str(target), "--lib"]
    for name in INTEGRATION:
        command += ["--test", name]
    built = subprocess.run(command, cwd=copy, stdout=subprocess.PIPE, text=True)
    if built.returncode != 0:
        sys.exit("the mutants do not compile")
    messages = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    return {message["target"]["name"]: message["executable"] for message in messages if message.get("executable")}


def run(copy, binary, tests, number, seconds):
    """What fails, if anything does."""
    environment = dict(os.environ, MUTANT=str(number), RUST_BACKTRACE="0")
    try:
        done = subprocess.run(
            [binary, *tests], cwd=copy / "sim-net", capture_output=True, text=True, timeout=seconds, env=environment, errors="replace"
        )
    except subprocess.TimeoutExpired:
        return "the tests do not end"
    if done.returncode == 0:
        return None
    failed = re.search(r"^test (\S+).* FAILED$", done.stdout, re.M) or re.search(r"^    (\S+)$", done.stdout, re.M)
    return failed[1] if failed else "a test"


def known_results():
    rows = re.findall(r"^\| (.+?) \| (.+ \| .+?) \|$", RESULT.read_text() if RESULT.exists() else "", re.M)
    return {name: rest for name, rest in rows}


def write(known):
    """Writes the table of results; gives the names of the survivors."""
    names = [mutant.name for mutant in MUTANTS if mutant.name in known]
    survivors = [name for name in names if SURVIVED in known[name]]
    share = 100 * (len(names) - len(survivors)) // max(len(names), 1)
    summary = f"{len(names) - len(survivors)} of {len(names)} mutants were killed ({share} %)"
    lines = ["# Mutants of TCP", "", f"{summary}; `tests/mutation/run.py` makes this table.", ""]
    lines += [f"- *{name}* survived: {EXPLAINED.get(name, 'not explained yet')}" for name in survivors]
    lines += [""] * bool(survivors)
    lines += ["| the rule that was removed | the first test that failed | when, at which commit |", "| --- | --- | --- |"]
    RESULT.write_text("\n".join(lines + [f"| {name} | {known[name]} |" for name in names]) + "\n")
    print(summary, flush=True)
    return survivors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help="only mutants whose name has this in it")
    parser.add_argument("--again", action="store_true", help="only mutants that are not killed in result.md")
    parser.add_argument("--list", action="store_true", help="only look whether all apply")
    parser.add_argument("--directory", help="where the copy and what is built go; kept for the next time")
    arguments = parser.parse_args()
    directory = pathlib.Path(arguments.directory or tempfile.mkdtemp(prefix="mutation-")).resolve()
    copy, target = directory / "tree", directory / "target"
    copy_tree(copy)
    print(f"{len(MUTANTS)} mutants apply", flush=True)
    if arguments.list:
        return
    binaries = build(copy, target)
    limits = []
    for name, tests in STAGES:
        begin = time.monotonic()
        if (failed := run(copy, binaries[name], tests, 0, 3_600)) is not None:
            sys.exit(f"without a mutant there fails {failed}")
        limits.append(20 + 10 * (time.monotonic() - begin))
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    known = known_results() if arguments.again or arguments.only else {}
    survivors = []
    for number, mutant in enumerate(MUTANTS, 1):
        is_chosen = not arguments.only or arguments.only in mutant.name
        if not is_chosen or (arguments.again and SURVIVED not in known.get(mutant.name, SURVIVED)):
            continue
        failures = (run(copy, binaries[name], tests, number, limit) for (name, tests), limit in zip(STAGES, limits))
        killed = next((failure for failure in failures if failure is not None), None)
        print(f"{number}/{len(MUTANTS)} {mutant.name}: {killed or 'SURVIVED'}", flush=True)
        known[mutant.name] = f"{f'`{killed}`' if killed else SURVIVED} | {datetime.date.today().isoformat()}, {commit}"
        survivors = write(known)
    if any(name not in EXPLAINED for name in survivors) or 20 * len(survivors) > len(MUTANTS):
        sys.exit(1)


if __name__ == "__main__":
    main()
