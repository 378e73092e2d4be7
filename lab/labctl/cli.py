# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: options in, one exit code out.

0 done, 1 failed while working, 2 refused before anything changed.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from labctl import lab, origin, preflight, settings, status
from labctl.build import versions
from labctl.errors import LabError
from labctl.lock import machine_lock
from labctl.plan import Request
from labctl.progress import Progress


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except LabError as err:
        print(f"lab: {err}", file=sys.stderr)
        return err.exit_code
    except KeyboardInterrupt:
        print("lab: interrupted; the next `lab up` cleans up and starts over", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="lab", description="A real Kubernetes with Fluid and Alluxio on this one machine.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name, run, text):
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run, name=name)
        return added

    up = command("up", _up, "start the lab, or add to the running one what it lacks")
    up.add_argument("--tier", choices=settings.TIERS,
                    help="api: API server and Fluid's resource definitions; full: nodes and Fluid too "
                         "(default)")
    up.add_argument("--nodes", type=_node_count, metavar="N",
                    help=f"number of nodes, 1 to {settings.MAX_NODES} (default {settings.DEFAULT_NODES})")
    up.add_argument("--no-fluid", dest="fluid", action="store_false",
                    help="leave Fluid's Helm chart to the caller")
    up.add_argument("--origin-rate", metavar="RATE",
                    help="total rate of the origin in bytes per second, such as 20m; off: no limit (default)")
    up.add_argument("--alluxio", choices=versions.ALLUXIO_VERSIONS,
                    help=f"version of Alluxio (default {versions.ALLUXIO})")
    up.add_argument("--audit", action="store_true",
                    help="log every API request's metadata to <state>/log/audit.log")

    command("down", _changing(lab.down), "stop the lab and leave nothing behind")
    command("reset", _changing(lab.reset), "start the same lab again, empty")
    command("status", _status, "show what runs; exit code 3 when something is missing")
    for name, run, text in (
            ("kill-node", lab.kill_node, "end everything on a node like a power cut"),
            ("start-node", lab.start_node, "power a killed node on and wait until it is Ready"),
            ("partition", lab.partition, "cut a node's network while it runs on"),
            ("heal", lab.heal, "end a partition and wait until the node is Ready")):
        command(name, _changing(run, "node"), text).add_argument("node", type=int, metavar="N")
    command("origin-rate", _changing(lab.set_origin_rate, "rate"),
            "limit the running origin").add_argument("rate", metavar="RATE")
    command("kubeconfig", _kubeconfig, "print the path of the administrator's kubeconfig")
    command("env", _env, "print settings for `eval \"$(lab env)\"`")
    return top


def _node_count(text: str) -> int:
    if text.isdigit() and 1 <= int(text) <= settings.MAX_NODES:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected 1 to {settings.MAX_NODES}, got {text!r}")


@contextmanager
def _exclusive(name: str) -> Iterator[Progress]:
    """The right to change the lab of this machine."""
    preflight.operator()
    report = Progress()
    with machine_lock(settings.LOCK_FILE, f"`lab {name}` of {settings.LAB_DIR}", report):
        yield report


def _changing(action, *names: str):
    """A command that runs `action(report, *options)` under the lock."""
    def run(options) -> None:
        with _exclusive(options.name) as report:
            action(report, *(getattr(options, name) for name in names))
    return run


def _up(options) -> None:
    origin.tc_rate(options.origin_rate or origin.UNLIMITED)
    request = Request(tier=options.tier, nodes=options.nodes, fluid=options.fluid,
                      origin_rate=options.origin_rate, audit=options.audit, alluxio=options.alluxio)
    with _exclusive(options.name) as report:
        preflight.machine(request.tier or "full")
        lab.up(request, report)


def _status(_options) -> int:
    text, code = status.report()
    _print(text)
    return code


def _kubeconfig(_options) -> None:
    _print(settings.kubeconfig())


def _env(_options) -> None:
    _print(status.environment())


def _print(answer: object) -> None:
    """Print to standard output. A reader that ends early, as `| head -1` does, has what it wanted: no error.
    """
    try:
        print(answer, flush=True)
    except BrokenPipeError:
        # Else Python meets the closed pipe again when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
