# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line behind the Makefile."""

import argparse
import os
import shutil
import sys
from functools import partial

from . import artifact, bench, cluster, demo, environment, paths, raft, shell, testing


def build() -> int:
    print(artifact.installed().path)
    return 0


def open_shell() -> int:
    program = os.environ.get("SHELL", "/bin/sh")
    os.execve(program, [program], artifact.installed().environ())


def lock() -> int:
    environment.resolve()
    return 0


def generate() -> int:
    """Write the files that are made from others."""
    collection = artifact.installed()
    return shell.status([collection.tools.program("python"), "-m", "generated"], collection.environ(),
                        paths.CHECKOUT / "tests" / "tools")


def clean() -> int:
    shutil.rmtree(paths.BUILD, ignore_errors=True)
    return 0


COMMANDS = {
    "demo": (demo.run, "deploy the three-master cache on a real cluster and leave it running"),
    "test": (testing.run_all, "run every stage below; the last line counts what passed and failed"),
    "test-all": (testing.run_thoroughly,
                 "run every stage with 60 interleavings of each pair of runs, and kills at every request"),
    **{name: (partial(testing.run_one, name), stage.title) for name, stage in testing.EVERY_STAGE.items()},
    "check": (testing.run_check, "print a line for each promise to those who adopt the collection"),
    "bench": (bench.run, "measure what the modules cost; nothing else should run on the machine"),
    "raft": (raft.run, "measure what a Raft quorum of masters survives; RAFT_ROWS and RAFT_TRIALS choose"),
    "lab-down": (cluster.stop, "end the lab"),
    "build": (build, "build the collection, install it and print where"),
    "shell": (open_shell, "open a shell in which Ansible, pytest and Molecule find the collection"),
    "lock": (lock, "pin the newest development tools in requirements-dev.txt"),
    "generate": (generate, "write the files that are made from others, such as the roles' README.md"),
    "clean": (clean, "remove what builds and tests wrote into the checkout"),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make", usage="make COMMAND", formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {name:10} {purpose}" for name, (_call, purpose) in COMMANDS.items()))
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of:")
    call, _purpose = COMMANDS[parser.parse_args().command]
    try:
        return call()
    except shell.CommandFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
