# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, certificates and kubeconfigs of one lab; made anew with every fresh start."""

import base64
from pathlib import Path

from labctl import settings
from labctl.shell import run

_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
_DAYS = "365"

# Kubernetes reads the user from CN and the groups from O:
# https://kubernetes.io/docs/setup/best-practices/certificates/
_USERS = {
    "admin": "/O=system:masters/CN=kubernetes-admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "proxy": "/CN=system:kube-proxy",
}
_API_NAMES = ("IP:127.0.0.1", f"IP:{settings.HOST_ADDRESS}", f"IP:{settings.API_SERVICE_ADDRESS}",
              "DNS:kubernetes", "DNS:kubernetes.default", "DNS:kubernetes.default.svc",
              f"DNS:kubernetes.default.svc.{settings.CLUSTER_DOMAIN}")


def folder() -> Path:
    return settings.state_dir() / "pki"


def certificate(name: str) -> Path:
    return folder() / f"{name}.crt"


def key(name: str) -> Path:
    return folder() / f"{name}.key"


def kubeconfig(name: str) -> Path:
    return settings.kubeconfig() if name == "admin" else folder() / f"{name}.kubeconfig"


def create() -> None:
    """Make the authority, the control plane's certificates and their kubeconfigs."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    run(["openssl", "req", "-x509", *_EC, "-keyout", key("ca"), "-out", certificate("ca"),
         "-days", _DAYS, "-subj", "/CN=fluidlab-ca"])
    run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout",
         "-out", key("service-account")])
    _sign("apiserver", "/CN=kube-apiserver", _API_NAMES)
    for name, subject in _USERS.items():
        _sign(name, subject)
        _write_kubeconfig(name)


def create_node(number: int) -> None:
    """Make a node's certificate, for both its client and its server side."""
    name = settings.node_name(number)
    if kubeconfig(name).exists():
        return
    _sign(name, f"/O=system:nodes/CN=system:node:{name}",
          (f"IP:{settings.node_address(number)}", f"DNS:{name}"))
    _write_kubeconfig(name)


def _sign(name: str, subject: str, alternative_names: tuple[str, ...] = ()) -> None:
    extensions = ["-addext", "extendedKeyUsage=clientAuth,serverAuth",
                  "-addext", "basicConstraints=critical,CA:FALSE"]
    if alternative_names:
        extensions += ["-addext", "subjectAltName=" + ",".join(alternative_names)]
    run(["openssl", "req", "-x509", *_EC, "-CA", certificate("ca"), "-CAkey", key("ca"),
         "-keyout", key(name), "-out", certificate(name), "-days", _DAYS,
         "-subj", subject, *extensions])


def _write_kubeconfig(name: str) -> None:
    def data(file: Path) -> str:
        return base64.b64encode(file.read_bytes()).decode()

    file = kubeconfig(name)
    file.touch(mode=0o600)
    file.write_text(f"""\
apiVersion: v1
kind: Config
current-context: {settings.NAME}
clusters:
- name: {settings.NAME}
  cluster:
    server: {settings.API_URL}
    certificate-authority-data: {data(certificate("ca"))}
users:
- name: {name}
  user:
    client-certificate-data: {data(certificate(name))}
    client-key-data: {data(key(name))}
contexts:
- name: {settings.NAME}
  context:
    cluster: {settings.NAME}
    user: {name}
""")
