# SPDX-License-Identifier: GPL-3.0-or-later
"""The S3 server that a Dataset mounts: the gateway versitygw over a folder of buckets.

Its accounts live in files, so that an administrator changes keys while it runs:
`versitygw admin --access ... --secret ... update-user --access NAME --secret NEW`.
"""

import socket
from contextlib import suppress
from pathlib import Path

from labctl import daemon, origin, settings

DAEMON = "s3"


def start(versitygw: Path) -> None:
    """Serve one bucket with the origin's files on the bridge."""
    if daemon.alive(DAEMON):
        return
    folder = settings.state_dir() / "s3"
    buckets, accounts = folder / "buckets", folder / "accounts"
    origin.make_tree(buckets / settings.S3_BUCKET)
    accounts.mkdir(exist_ok=True)
    daemon.start(DAEMON, command(versitygw, accounts, buckets))
    daemon.wait(_listens, what="the S3 server", daemons=(DAEMON,))


def _listens() -> bool:
    with suppress(OSError), socket.create_connection((settings.HOST_ADDRESS, settings.S3_PORT), timeout=1):
        return True
    return False


def command(versitygw: Path, accounts: Path, buckets: Path) -> list[object]:
    """The keys are those of a laboratory: they stand in the process table. A changed key counts at once."""
    return [versitygw, "--quiet", "--port", f"{settings.HOST_ADDRESS}:{settings.S3_PORT}",
            "--access", settings.S3_ACCESS_KEY, "--secret", settings.S3_SECRET_KEY,
            "--iam-dir", accounts, "--iam-cache-disable", "posix", buckets]
