# SPDX-License-Identifier: GPL-3.0-or-later
"""CoreDNS on the machine, for the nodes and their pods."""

from pathlib import Path

from labctl import daemon, pki, settings

DAEMON = "coredns"


def start(coredns: Path) -> None:
    folder = settings.state_dir() / "dns"
    folder.mkdir(exist_ok=True)
    corefile = folder / "Corefile"
    corefile.write_text(render(pki.kubeconfig("admin")))
    daemon.start(DAEMON, [coredns, "-conf", corefile])


def render(kubeconfig: Path) -> str:
    """CoreDNS's configuration: the cluster's names, and "no such name" for all others.

    The root zone is the cluster's as well, since a forwarder would make pods
    wait for servers that the lab cannot reach.
    """
    return f"""\
.:{settings.DNS_PORT} {{
    bind {settings.HOST_ADDRESS}
    errors
    cache 2
    kubernetes {settings.CLUSTER_DOMAIN} in-addr.arpa . {{
        kubeconfig {kubeconfig}
        ttl 2
    }}
}}
"""
