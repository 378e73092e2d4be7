# SPDX-License-Identifier: GPL-3.0-or-later
"""etcd, API server, controller manager and scheduler, on the machine itself."""

from pathlib import Path

from labctl import daemon, pki, settings
from labctl.api import Api

API_TIER = ("etcd", "apiserver", "controller-manager")
FULL_TIER = (*API_TIER, "scheduler")

_ETCD_URL = f"http://127.0.0.1:{settings.ETCD_CLIENT_PORT}"
_PEER_URL = f"http://127.0.0.1:{settings.ETCD_PEER_PORT}"

# Metadata is enough to count requests by user, verb and object.
_AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
"""


def start_api(kube: Path, *, audit: bool) -> None:
    """Start the API server with its store, and the controllers; returns when it serves."""
    daemon.start("etcd", etcd_command(kube))
    daemon.start("apiserver", apiserver_command(kube, audit=audit))
    daemon.wait(Api().ready, what="the API server to be ready",
                daemons=("etcd", "apiserver"), timeout=60)
    daemon.start("controller-manager", controller_manager_command(kube))


def wait_controllers() -> None:
    """Wait until the controllers work: a namespace without its account refuses every pod."""
    api = Api()
    daemon.wait(lambda: api.find("/api/v1/namespaces/default/serviceaccounts/default") is not None,
                what="the default service account", daemons=API_TIER, timeout=60)


def start_scheduler(kube: Path) -> None:
    daemon.start("scheduler", scheduler_command(kube))


def audit_log() -> Path:
    return settings.log_dir() / "audit.log"


def etcd_command(kube: Path) -> list[object]:
    return [kube, "etcd",
            "--data-dir", settings.state_dir() / "etcd",
            "--listen-client-urls", _ETCD_URL, "--advertise-client-urls", _ETCD_URL,
            "--listen-peer-urls", _PEER_URL, "--initial-advertise-peer-urls", _PEER_URL,
            "--initial-cluster", f"default={_PEER_URL}",
            # The data need not survive the machine: an fsync per write would cost most of the start.
            "--unsafe-no-fsync"]


def apiserver_command(kube: Path, *, audit: bool) -> list[object]:
    command = [kube, "kube-apiserver",
               "--etcd-servers", _ETCD_URL,
               "--bind-address", settings.HOST_ADDRESS,
               "--advertise-address", settings.HOST_ADDRESS,
               "--secure-port", settings.API_PORT,
               "--tls-cert-file", pki.certificate("apiserver"),
               "--tls-private-key-file", pki.key("apiserver"),
               "--client-ca-file", pki.certificate("ca"),
               "--kubelet-client-certificate", pki.certificate("admin"),
               "--kubelet-client-key", pki.key("admin"),
               # Node names resolve on the nodes only, not on the machine.
               "--kubelet-preferred-address-types", "InternalIP",
               "--service-account-issuer", "https://kubernetes.default.svc",
               "--service-account-key-file", pki.key("service-account"),
               "--service-account-signing-key-file", pki.key("service-account"),
               "--service-cluster-ip-range", settings.SERVICE_SUBNET,
               "--authorization-mode", "Node,RBAC",
               "--enable-admission-plugins", "NodeRestriction",
               "--allow-privileged=true",
               # The machine has no kube-proxy: webhooks are called by pod address.
               "--enable-aggregator-routing=true"]
    if audit:
        policy = settings.state_dir() / "audit-policy.yaml"
        policy.write_text(_AUDIT_POLICY)
        command += ["--audit-policy-file", policy, "--audit-log-path", audit_log(),
                    "--audit-log-mode", "batch"]
    return command


def controller_manager_command(kube: Path) -> list[object]:
    return [kube, "kube-controller-manager",
            "--kubeconfig", pki.kubeconfig("controller-manager"),
            "--root-ca-file", pki.certificate("ca"),
            "--cluster-signing-cert-file", pki.certificate("ca"),
            "--cluster-signing-key-file", pki.key("ca"),
            "--service-account-private-key-file", pki.key("service-account"),
            "--use-service-account-credentials",
            "--leader-elect=false", "--secure-port", 0]


def scheduler_command(kube: Path) -> list[object]:
    return [kube, "kube-scheduler", "--kubeconfig", pki.kubeconfig("scheduler"),
            "--leader-elect=false", "--secure-port", 0]
