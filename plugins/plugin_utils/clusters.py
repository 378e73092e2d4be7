# SPDX-License-Identifier: GPL-3.0-or-later
"""The clusters that the options of the inventory plugin name, and the variables by which hosts reach them."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..module_utils.errors import InvalidInput
from ..module_utils.k8s.names import require_namespace

_SUBOPTIONS = ("name", "kubeconfig", "context", "namespaces")
# What names a cluster or authenticates without a kubeconfig. A module in a play takes these from the
# environment alone, so they cannot differ between hosts.
_OF_ONE_CLUSTER = ("host", "username", "password", "api_key")
# The variables of the connection plugin kubernetes.core.kubectl. It reads secrets from the environment.
_KUBECTL = {"kubeconfig": "kubeconfig", "context": "context", "host": "host", "ca_cert": "ca_cert",
            "client_cert": "client_cert", "client_key": "client_key", "validate_certs": "validate_certs"}
_PLAYBOOKS = {"kubeconfig": "fluid_kubeconfig", "context": "fluid_context"}
# What has a meaning in patterns of hosts, and the separator of the parts of a host's name.
_NOT_IN_HOSTS = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Cluster:
    """One cluster. name: empty for the only one without a name. params: the connection options.

    namespaces: empty for all.
    """

    name: str
    params: Mapping
    namespaces: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The name for messages."""
        return f"cluster {self.name}: " if self.name else ""

    def playbook_variables(self) -> dict[str, str]:
        """Return the variables by which the playbooks of this collection reach the cluster."""
        return {variable: self.params[option] for option, variable in _PLAYBOOKS.items()
                if self.params.get(option)}

    def kubectl_variables(self) -> dict:
        """Return the variables by which kubernetes.core.kubectl reaches the cluster, without secrets."""
        found = {f"ansible_kubectl_{name}": self.params[option] for option, name in _KUBECTL.items()
                 if self.params.get(option) not in (None, "")}
        if "ansible_kubectl_kubeconfig" in found:
            found["ansible_kubectl_kubeconfig"] = os.path.expanduser(found["ansible_kubectl_kubeconfig"])
        return found


def clusters(connections: object, namespaces: list[str], params: Mapping) -> list[Cluster]:
    """Return the clusters of the option connections; without it the one of the connection options.

    Raises InvalidInput for entries that name no cluster, that have the same name, or that the options of one
    cluster would override.
    """
    if not isinstance(connections, list) or not all(isinstance(each, Mapping) for each in connections):
        raise InvalidInput("connections is not a list of dictionaries: give each cluster as a dictionary "
                           "with kubeconfig or context")
    _require_namespaces("namespaces", namespaces)
    if not connections:
        return [Cluster("", params, tuple(namespaces))]
    given = [option for option in _OF_ONE_CLUSTER if params.get(option)]
    if given:
        raise InvalidInput(
            f"{given[0]} is given beside connections, also if K8S_AUTH_{given[0].upper()} sets it: it would "
            "override the kubeconfig of each cluster; leave one of them out")
    found = [_cluster(number, entry, namespaces, params) for number, entry in enumerate(connections)]
    names = [each.name for each in found]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise InvalidInput(f"connections[{number}] and connections[{names.index(name)}] both have the "
                               f"name {name}: give one of them another name")
    return found


def _cluster(number: int, entry: Mapping, namespaces: list[str], params: Mapping) -> Cluster:
    where = f"connections[{number}]"
    require_known(entry, _SUBOPTIONS, where + ".")
    for option in ("name", "kubeconfig", "context"):
        if not isinstance(entry.get(option, ""), str):
            raise InvalidInput(f"{where}.{option} is not text: expected "
                               f"{'the path of a file' if option == 'kubeconfig' else 'a name'}")
    kubeconfig, context = entry.get("kubeconfig"), entry.get("context")
    if not kubeconfig and not context:
        raise InvalidInput(f"{where} names no cluster: give kubeconfig or context")
    own = entry.get("namespaces", namespaces)
    _require_namespaces(f"{where}.namespaces", own)
    stem = os.path.basename(kubeconfig or "").partition(".")[0]
    name = _NOT_IN_HOSTS.sub("-", entry.get("name") or context or stem).strip("-")
    if not name:
        raise InvalidInput(f"{where} has no usable name: give it a name of letters, digits and dashes")
    return Cluster(name, {**params, "kubeconfig": kubeconfig or params.get("kubeconfig"),
                          "context": context}, tuple(own))


def _require_namespaces(where: str, namespaces: object) -> None:
    if not isinstance(namespaces, list):
        raise InvalidInput(f"{where} is not a list of names")
    for each in namespaces:
        require_namespace(str(each))


def require_known(given: Iterable[str], known: Iterable[str], prefix: str = "") -> None:
    """Raise InvalidInput for an option that does not exist, with the nearest one that does."""
    options = sorted(known)
    for option in given:
        if option not in options:
            nearest = difflib.get_close_matches(str(option), options, n=1)
            remedy = f"did you mean {prefix}{nearest[0]}?" if nearest else (
                f"expected one of {', '.join(options)}")
            raise InvalidInput(f"{prefix}{option} is no option: {remedy}")


def digest(found: list[Cluster], others: Mapping) -> str:
    """Return a text that differs if other caches may be selected, for the key of the inventory's cache."""
    subject = [[each.name, each.namespaces, {
        option: value for option, value in each.params.items()
        if option in (*_KUBECTL, "username", "impersonate_user", "impersonate_groups")}] for each in found]
    text = json.dumps([subject, dict(others), os.environ.get("KUBECONFIG")], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
