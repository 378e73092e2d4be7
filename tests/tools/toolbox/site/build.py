# SPDX-License-Identifier: GPL-3.0-or-later
"""`make docs`: pages of docs/ by MyST, those of modules and roles by antsibull-docs; a warning fails."""

import shutil
import zlib
from pathlib import Path

from .. import environment, paths, shell
from ..artifact import Collection
from . import pages

SITE = paths.BUILD / "docs"
# Pages whose lists are tables of contents.
CONTENTS = ("index.md", "quorum.md")
# Labels of Ansible's documentation to which pages of modules refer, with page and title: no network is used.
LABELS = {
    "action_plugins": ("plugins/action.html", "Action plugins"),
    "ansible_collections.kubernetes.core.helm_module": (
        "collections/kubernetes/core/helm_module.html", "kubernetes.core.helm"),
    "ansible_configuration_settings": ("reference_appendices/config.html", "Ansible Configuration Settings"),
    "common_return_values": ("reference_appendices/common_return_values.html", "Return Values"),
}
_INVENTORY = """\
# Sphinx inventory version 2
# Project: Ansible
# Version: latest
# The remainder of this file is compressed using zlib.
"""


def run(collection: Collection) -> int:
    """Build the site; the pages of each run are new."""
    programs = environment.with_packages("docs", ["--requirement", paths.DOCS_LOCK])
    shutil.rmtree(SITE, ignore_errors=True)
    source, html = SITE / "source", SITE / "html"
    stage(paths.CHECKOUT, source)
    (SITE / "ansible.inv").write_bytes(inventory())
    environ = collection.environ_of(programs)
    code = _modules(collection, source / pages.COLLECTION, environ) or shell.status(
        ["sphinx-build", "-W", "--keep-going", "--quiet", "--jobs", "auto",
         "--conf-dir", Path(__file__).parent, source, html], environ, seconds=300)
    if code == 0:
        print(html / "index.html", flush=True)
    return code


def stage(checkout: Path, source: Path) -> None:
    """Copy the pages, with links out of docs/ as URLs, and tables of contents."""
    shutil.copytree(checkout / pages.ROOT, source)
    for path in source.rglob("*.md"):
        name = path.relative_to(source).as_posix()
        text = pages.published(path.read_text(), f"{pages.ROOT}/{name}",
                               lambda each: (checkout / each).is_dir())
        if name in CONTENTS:
            text = pages.with_toctrees(text, f"{pages.COLLECTION}/index" if name == CONTENTS[0] else "")
        path.write_text(text)


def inventory() -> bytes:
    """Return the labels as Sphinx's inventory, which conf.py names."""
    lines = "".join(f"{label} std:label -1 {page}#{label.replace('_', '-')} {title}\n"
                    for label, (page, title) in LABELS.items())
    return _INVENTORY.encode() + zlib.compress(lines.encode())


def _modules(collection: Collection, folder: Path, environ: dict[str, str]) -> int:
    folder.mkdir()
    return shell.status(["antsibull-docs", "collection", "--use-current", "--squash-hierarchy",
                         "--fail-on-error", "--dest-dir", folder, "datacache.fluid"], environ, seconds=300)
