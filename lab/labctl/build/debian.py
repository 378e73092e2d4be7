# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages: installed on this machine, unpacked from its mirror, or as the root of the images."""

import shutil
import subprocess
from collections.abc import Sequence

from .job import Job

# Not wanted in the images. Removed at the end, for packages' scripts want to find their folders; copyright
# files stay, as the licences ask.
SLIM_HOOK = (
    'rm -rf "$1"/usr/share/man/* "$1"/usr/share/locale/* "$1"/usr/share/info/* "$1"/usr/share/lintian'
    ' && find "$1"/usr/share/doc -type f ! -name copyright -delete'
)


def missing_packages(packages: Sequence[str]) -> list[str]:
    """Those of the packages that are not installed on this machine; all of them where there is no dpkg."""
    if not shutil.which("dpkg-query"):
        return list(packages)
    query = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *packages],
        check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    installed = {line.split()[0] for line in query.stdout.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def install_packages(job: Job, packages: Sequence[str]) -> None:
    """Recipe: have the packages installed on this machine, with no call of apt where they are."""
    missing = missing_packages(packages)
    if missing:
        _apt_get(job, "install", "--yes", "--no-install-recommends", *missing)


def unpack_packages(job: Job, packages: Sequence[str]) -> None:
    """Recipe: the files of packages of this machine's release, without installing them.

    For programs whose package would start a service on this machine or replace another one.
    """
    _apt_get(job, "download", *packages)
    for archive in sorted(job.work.glob("*.deb")):
        job.run(["dpkg-deb", "--extract", archive, job.out])


def root_filesystem(job: Job, suite: str, packages: Sequence[str]) -> None:
    """Recipe: root.tar, a minimal Debian with the packages, from the mirrors that this machine's apt uses."""
    install_packages(job, ["mmdebstrap", "debian-archive-keyring"])
    job.stage = f"making a Debian {suite} root"
    job.run(
        # A process namespace of its own: whoever is killed, no dpkg and no mount of it stays behind.
        ["unshare", "--mount", "--pid", "--fork", "--kill-child",
         "mmdebstrap", "--mode=root", "--variant=essential", f"--include={','.join(packages)}",
         f"--customize-hook={SLIM_HOOK}", *(f"--aptopt={option}" for option in _proxies()),
         "--skip=output/dev",
         suite, job.out / "root.tar", *_mirrors(suite)],
        # mmdebstrap clamps every time in the archive to this one.
        env={"SOURCE_DATE_EPOCH": "0", "DEBIAN_FRONTEND": "noninteractive"})


def _apt_get(job: Job, *arguments: str) -> None:
    if not shutil.which("apt-get"):
        job.fail(
            f"this machine has no apt-get to {' '.join(arguments)}; the lab needs Debian or a descendant")
    with job.turn("apt", f"apt-get {arguments[0]}"):
        command = ["apt-get", "--option", "DPkg::Lock::Timeout=600", *arguments]
        environment = {"DEBIAN_FRONTEND": "noninteractive"}
        if not job.attempt(command, env=environment):
            # No package lists yet, or lists so old that the mirror has newer files only.
            job.run(["apt-get", "update"])
            job.run(command, env=environment)


def _mirrors(suite: str) -> list[str]:
    """Sources of Debian's own archive in this machine's apt configuration; none means mmdebstrap's default.
    """
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN) deb $(REPO_URI) $(RELEASE) $(COMPONENT)",
         "Created-By: Packages"],
        check=True, stdout=subprocess.PIPE, text=True)
    sources = [line.removeprefix("Debian ")
               for line in targets.stdout.splitlines() if line.startswith("Debian ")]
    return [source for source in sources
            if source.split()[2].removesuffix("-updates").removesuffix("-security") == suite]


def _proxies() -> list[str]:
    """This machine's apt proxies; mmdebstrap reads nothing else of the host's apt configuration."""
    dump = subprocess.run(["apt-config", "dump", "Acquire"], check=True, stdout=subprocess.PIPE, text=True)
    return [line for line in dump.stdout.splitlines() if "::Proxy" in line.split()[0]]
