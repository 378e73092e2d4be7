# SPDX-License-Identifier: GPL-3.0-or-later
"""The images, unpacked once and given to every node as hard links.

Importing 2 GB into each node takes minutes and fills the page cache once per
node; links take a second, and all nodes share one copy in memory. Containers
never write to an image's files: overlayfs copies them first.
"""

import hashlib
import os
import shutil
from pathlib import Path

from labctl import daemon
from labctl.cgroups import Group
from labctl.errors import LabError
from labctl.progress import Progress

_DAEMON = "images"
_COMPLETE = ".complete"

# containerd writes to its databases in place: these each node needs for itself.
_DATABASES = ("io.containerd.metadata.v1.bolt/meta.db",
              "io.containerd.snapshotter.v1.overlayfs/metadata.db")


def store_for(images: tuple[Path, ...], cache: Path, report: Progress) -> Path:
    """The unpacked images as a containerd root folder; makes it when missing."""
    store = cache / "image-store" / key(images)
    if (store / _COMPLETE).exists():
        return store
    if store.parent.exists():
        shutil.rmtree(store.parent)  # of other images, or cut off half-way
    with report.step("unpack the images", daemon.log_file(_DAEMON)):
        _unpack(images, store)
    return store


def key(images: tuple[Path, ...]) -> str:
    """Changes when an image archive does."""
    facts = [(str(image), image.stat().st_size, image.stat().st_mtime_ns) for image in images]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def clone(store: Path, root: Path, name: str) -> None:
    """Fill a node's empty containerd root from the store, as the process `name`."""
    root.mkdir(parents=True, exist_ok=True)
    linked = store.stat().st_dev == root.stat().st_dev
    daemon.run(name, ["cp", "-a", *(["--link"] if linked else []), f"{store}/.", root], timeout=600)
    for name in _DATABASES:
        (root / name).unlink()
        shutil.copy(store / name, root / name)


def _unpack(images: tuple[Path, ...], store: Path) -> None:
    """Import the archives with a containerd of its own, in a mount namespace of its own."""
    scratch = store.parent / "scratch"
    store.mkdir(parents=True)
    scratch.mkdir()
    socket = scratch / "containerd.sock"
    config = scratch / "containerd.toml"
    config.write_text(f'version = 2\nroot = "{store}"\nstate = "{scratch}/state"\n'
                      'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
                      f'[grpc]\naddress = "{socket}"\n')
    server = f"{_DAEMON}/containerd"
    daemon.start(server, ["unshare", "-m", "containerd", "--config", config])
    try:
        daemon.wait(socket.exists, what="the container runtime", daemons=[server])
        for image in images:
            daemon.run(f"{_DAEMON}/import", ["ctr", "--address", socket, "--namespace", "k8s.io",
                                             "images", "import", image], timeout=600)
    finally:
        Group(_DAEMON).kill()
        Group(_DAEMON).remove()
    missing = [name for name in _DATABASES if not (store / name).exists()]
    if missing:
        raise LabError(f"containerd's root {store} lacks {', '.join(missing)}: "
                       f"its layout differs from containerd 1.6 and 1.7, which the lab knows")
    shutil.rmtree(scratch)
    os.sync()
    (store / _COMPLETE).touch()
