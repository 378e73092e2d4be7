# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server that a Dataset mounts: nginx over a tree like apache/hbase/stable/."""

import hashlib
import os
import random
import re
from datetime import datetime, timezone
from pathlib import Path

from labctl import daemon, settings
from labctl.errors import Refused
from labctl.shell import run

DAEMON = "origin"
UNLIMITED = "off"

_VERSION = "2.5.10"
_PUBLISHED = datetime(2024, 7, 19, 10, 5, tzinfo=timezone.utc).timestamp()
_MIB = 1 << 20

# Names and proportions of the real folder, about 120 MB instead of 1 GB.
_ARCHIVES = {f"hbase-{_VERSION}-bin.tar.gz": 48 * _MIB,
             f"hbase-{_VERSION}-client-bin.tar.gz": 40 * _MIB,
             f"hbase-{_VERSION}-hadoop3-bin.tar.gz": 16 * _MIB,
             f"hbase-{_VERSION}-src.tar.gz": 9 * _MIB}
_TEXTS = {"CHANGES.md": 240 << 10, "RELEASENOTES.md": 180 << 10,
          f"api_compare/compat_report_2.5.9_to_{_VERSION}.html": 480 << 10,
          "api_compare/binary/index.html": 96 << 10,
          "api_compare/source/index.html": 64 << 10}


def start(nginx: Path, rate: str) -> None:
    """Serve the tree on the bridge, at most `rate` bytes per second in total."""
    if daemon.alive(DAEMON):
        set_rate(rate)
        return
    folder = settings.state_dir() / "origin"
    make_tree(folder / "www" / settings.ORIGIN_PATH)
    (folder / "tmp").mkdir(exist_ok=True)
    config = folder / "nginx.conf"
    config.write_text(render(folder))
    daemon.start(DAEMON, [nginx, "-p", folder, "-c", config, "-e", "stderr"])
    set_rate(rate)


def set_rate(rate: str) -> None:
    """Limit all of the origin's connections together; takes effect at once.

    nginx itself can only limit each connection, and Alluxio opens several.
    """
    bridge, limit = settings.BRIDGE, tc_rate(rate)
    run(["tc", "qdisc", "replace", "dev", bridge, "root", "noqueue"])
    if limit is None:
        return
    # Traffic outside the one class (default 0) passes unshaped.
    run(["tc", "qdisc", "replace", "dev", bridge, "root", "handle", "1:", "htb"])
    run(["tc", "class", "add", "dev", bridge, "parent", "1:", "classid", "1:1",
         "htb", "rate", limit, "burst", "64k"])
    run(["tc", "filter", "add", "dev", bridge, "parent", "1:", "protocol", "ip", "prio", "1",
         "u32", "match", "ip", "sport", settings.ORIGIN_PORT, "0xffff", "flowid", "1:1"])


def tc_rate(rate: str) -> str | None:
    """`20m` (MiB per second, as nginx writes it) in tc's words; None for no limit."""
    if rate in (UNLIMITED, "0"):
        return None
    match = re.fullmatch(r"([1-9][0-9]*)([kmg])", rate.lower())
    if not match:
        raise Refused(f"origin rate {rate!r}: expected a number with k, m or g bytes per second "
                      f"such as 20m, or {UNLIMITED}")
    bits = int(match[1]) * 8 << {"k": 10, "m": 20, "g": 30}[match[2]]
    return f"{bits}bit"


def make_tree(top: Path) -> None:
    """Write the files, the same bytes and times on every machine."""
    for name, size in (_ARCHIVES | _TEXTS).items():
        content = _archive(name, size) if name in _ARCHIVES else _text(name, size)
        _write(top / name, content)
        if name in _ARCHIVES:
            digest = hashlib.sha512(content).hexdigest()
            _write(top / f"{name}.sha512", f"{name}: {digest}\n".encode())
            _write(top / f"{name}.asc", _signature(name))
    for folder, _, _ in os.walk(top, topdown=False):
        os.utime(folder, (_PUBLISHED, _PUBLISHED))


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    os.utime(file, (_PUBLISHED, _PUBLISHED))


def _archive(name: str, size: int) -> bytes:
    """Bytes that no layer on the way can compress or deduplicate."""
    return random.Random(name).randbytes(size)


def _text(name: str, size: int) -> bytes:
    line = f"* HBASE-%05d | {name} | a line of the release's documents\n"
    lines = "".join(line % number for number in range(size // len(line) + 1))
    return lines.encode()[:size]


def _signature(name: str) -> bytes:
    body = _archive(name + ".asc", 320).hex()
    return f"-----BEGIN PGP SIGNATURE-----\n\n{body}\n-----END PGP SIGNATURE-----\n".encode()


def render(folder: Path) -> str:
    """nginx's configuration; every path of it lies in the lab's state."""
    temporary = "\n".join(f"    {kind}_temp_path {folder}/tmp/{kind};" for kind in
                          ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""\
user root; # the state folder may be private to root
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{
    worker_connections 1024;
}}
http {{
{temporary}
    access_log {settings.log_dir()}/origin-access.log;
    sendfile on;
    default_type application/octet-stream;
    types {{
        text/html html;
        text/markdown md;
        text/plain asc sha512;
    }}
    server {{
        listen {settings.HOST_ADDRESS}:{settings.ORIGIN_PORT};
        root {folder}/www;
        autoindex on;
    }}
}}
"""
