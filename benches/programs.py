"""The programs that hold the workloads, one for each build, with the systems that are in it."""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Build:
    """One build of the program: systems that would change each other's code are built apart."""

    features: str
    rustflags: str
    # Below cargo's own target directory.
    directory: str


OWN = Build(features="", rustflags="", directory="")
PEERS = Build(features="peers", rustflags="", directory="peers")
MADSIM = Build(features="madsim", rustflags="--cfg madsim", directory="madsim")

# In the order of the table's columns: first the order in which people run their tests.
SYSTEMS = {
    "seedbed-random": OWN,
    "seedbed": OWN,
    "floor-random": OWN,
    "floor": OWN,
    "tokio-paused": PEERS,
    "turmoil": PEERS,
    "turmoil-net": PEERS,
    "moonpool": PEERS,
    "madsim": MADSIM,
}

# How the tables call them: with the order in which each polls ready tasks.
TITLES = {
    "seedbed-random": "seedbed, seeded",
    "seedbed": "seedbed, production",
    "floor-random": "floor, random",
    "floor": "floor, FIFO",
    "tokio-paused": "tokio-paused, FIFO",
    "turmoil": "turmoil, FIFO",
    "turmoil-net": "turmoil-net, FIFO",
    "moonpool": "moonpool, random",
    "madsim": "madsim, random",
}

# As a user's own release build is, without any setting.
PROFILE = "plain"


def find_programs(systems: list[str], build: bool) -> dict[Build, tuple[Path, set[tuple[str, str]]]]:
    """Gives the program of each build that the systems need, with the pairs of system and workload that it has."""
    metadata = subprocess.run(["cargo", "metadata", "--format-version=1", "--no-deps"], cwd=HERE, check=True,
                              stdout=subprocess.PIPE)
    target = Path(json.loads(metadata.stdout)["target_directory"])
    programs = {}
    for wanted in dict.fromkeys(SYSTEMS[system] for system in systems):
        directory = target / wanted.directory
        program = directory / PROFILE / "workloads"
        if build and not run_cargo(wanted, directory):
            say(f"skipped: the build with features [{wanted.features}] failed")
        elif not program.exists():
            say(f"skipped: features [{wanted.features}] are not built")
        else:
            listing = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout
            programs[wanted] = (program, {tuple(line.split()) for line in listing.splitlines()})
    return programs


def run_cargo(build: Build, directory: Path) -> bool:
    environment = dict(os.environ)
    environment["RUSTFLAGS"] = f"{environment.get('RUSTFLAGS', '')} {build.rustflags}".strip()
    command = ["cargo", "build", f"--profile={PROFILE}", "--package=benches", f"--features={build.features}",
               f"--target-dir={directory}"]
    return subprocess.run(command, cwd=HERE, env=environment).returncode == 0


def choices(known: dict):
    def parse(text: str) -> list[str]:
        asked = text.split(",")
        for name in asked:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return [name for name in known if name in asked]

    return parse


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
