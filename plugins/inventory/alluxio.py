# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: alluxio
short_description: Alluxio caches and their masters as hosts
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Reads the Datasets that AlluxioRuntimes serve, or that have no runtime yet, from one or several clusters.
  - Each cache is a host with the name C(<name>.<namespace>), in the group C(alluxio_caches). It has the
    variables of the playbooks of this collection that its runtime declares, so that they run on it.
  - Each master is a host with the name C(<pod>.<name>.<namespace>), in the group C(alluxio_masters). Tasks
    run in its container by C(kubernetes.core.kubectl).
  - With O(connections), names of hosts end with the name of the cluster.
  - Groups of caches are C(alluxio_phase_<phase>), C(alluxio_namespace_<namespace>),
    C(alluxio_cluster_<name>) and C(alluxio_label_<key>_<value>). Groups of masters are C(alluxio_leader),
    C(alluxio_follower) and C(alluxio_unavailable). In their names, C(_) replaces other characters than
    letters and digits.
  - The configuration file ends with C(.alluxio.yml) or C(.alluxio.yaml).
notes:
  - What holds a secret is not among the variables. C(kubernetes.core.kubectl) reads a token from
    E(K8S_AUTH_API_KEY).
  - The options of under-stores are not among the variables, because they may hold credentials. So
    the playbooks C(preflight), C(deploy), C(deploy_ha), C(scale_masters) and C(scale_workers) require
    C(fluid_mounts) from another source.
  - Variables come from the cluster and are never evaluated as templates.
  - Expressions of O(compose), O(groups) and O(keyed_groups) apply to caches and masters. Masters have the
    variables C(alluxio_*) of their cache, and none of C(fluid_*).
extends_documentation_fragment:
  - datacache.fluid.connection
  - datacache.fluid.connection.environment
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: Name of this plugin.
    type: str
    required: true
    choices: [datacache.fluid.alluxio]
  kubeconfig:
    description:
      - Path of a kubeconfig file, or several paths joined with the platform's path separator.
      - Falls back to the environment variable E(K8S_AUTH_KUBECONFIG).
      - Without it and without O(context) the plugin tries the configuration inside a pod, then E(KUBECONFIG),
        then C(~/.kube/config).
    type: str
  proxy_headers:
    description:
      - Headers of requests to the proxy.
      - Each falls back to its environment variable, E(K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH),
        E(K8S_AUTH_PROXY_HEADERS_BASIC_AUTH) or E(K8S_AUTH_PROXY_HEADERS_USER_AGENT).
    default: {}
  connections:
    description:
      - The clusters to read, if there are several. Other connection options apply to each of them.
      - A cluster that cannot be read causes a warning, unless no cluster can be read.
      - Refused beside O(host), O(api_key), O(username) and O(password), which would override each
        kubeconfig.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the cluster, at the end of the names of its hosts. The default is
          O(connections[].context), else the name of the kubeconfig file up to its first dot.
        type: str
      kubeconfig:
        description: Path of a kubeconfig file. The default is O(kubeconfig).
        type: str
      context:
        description: Context of the kubeconfig. The default is its current context.
        type: str
      namespaces:
        description: Namespaces to read in this cluster. The default is O(namespaces).
        type: list
        elements: str
  namespaces:
    description:
      - Namespaces to read. Without it all namespaces are read, which needs a ClusterRole.
      - A namespace that may not be read causes a warning, unless none may be read.
    type: list
    elements: str
    default: []
  label_selectors:
    description: Requirements for the labels of the Datasets, all of which must match.
    type: list
    elements: str
    default: []
  field_selectors:
    description: Requirements for the fields of the Datasets, all of which must match. The API server knows
      C(metadata.name) and C(metadata.namespace).
    type: list
    elements: str
    default: []
  masters:
    description: Whether masters are hosts. It costs one list of pods for each namespace, or one for all.
    type: bool
    default: true
  quorum:
    description:
      - Whether the leaders of the masters report which of them lead, follow or are unavailable.
      - It costs a request for each master of a cache with several masters, and one more for the leader.
      - Without it these groups are absent.
    type: bool
    default: true
"""

EXAMPLES = r"""
# caches.alluxio.yml: all caches of the cluster that K8S_AUTH_* or KUBECONFIG names.
# ansible-playbook -i caches.alluxio.yml datacache.fluid.verify
plugin: datacache.fluid.alluxio

# Two clusters by their contexts; one account reads two namespaces only.
---
plugin: datacache.fluid.alluxio
connections:
  - context: production
  - name: trial
    kubeconfig: ~/.kube/trial.config
    namespaces: [team-a, team-b]

# Caches with a label, without their masters, cached for ten minutes, grouped by how full they are.
---
plugin: datacache.fluid.alluxio
label_selectors: [team=search]
masters: false
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: /tmp/caches
cache_timeout: 600
strict: true
compose:
  cached_gib: (alluxio_cached_bytes or 0) / 1024 ** 3
groups:
  cold: (alluxio_cached_percentage or 0) < 50
keyed_groups:
  - {key: fluid_network_mode, prefix: network}
"""

import os
import sys

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ..module_utils.api import connection
from ..module_utils.errors import FluidError, InvalidInput
from ..plugin_utils import cache_hosts, cache_reader, clusters
from ..plugin_utils.untemplated import untemplated

_ENDINGS = (".alluxio.yml", ".alluxio.yaml")
_CONNECTION = ("kubeconfig", "context", "host", "api_key", "username", "password", "validate_certs",
               "ca_cert", "client_cert", "client_key", "proxy", "no_proxy", "proxy_headers",
               "persist_config", "impersonate_user", "impersonate_groups")
_PROXY_HEADERS = ("proxy_basic_auth", "basic_auth", "user_agent")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The inventory plugin; Ansible requires the name."""

    NAME = "datacache.fluid.alluxio"

    def verify_file(self, path):
        """Return whether the file has the plugin's ending."""
        return super().verify_file(path) and path.endswith(_ENDINGS)

    def parse(self, inventory, loader, path, cache=True):
        """Add the hosts of all clusters. Raises AnsibleParserError with one sentence."""
        super().parse(inventory, loader, path, cache)
        config = self._read_config_data(path)
        try:
            clusters.require_known(config, self._known_options())
            found = clusters.clusters(self.get_option("connections"), self.get_option("namespaces"),
                                      self._connection_params(config))
            self._warn_of_private_options(found)
            records = self._records(found, path, cache)
        except FluidError as err:
            raise AnsibleParserError(f"{os.path.basename(path)}: {err}") from err
        for cluster, own in zip(found, records, strict=True):
            for record in own:
                for host in cache_hosts.hosts(record, cluster, sys.executable):
                    self._add(host)

    def _known_options(self) -> set[str]:
        """Return the names and aliases of the options."""
        options = self.option_definitions
        return {name for option, spec in options.items() for name in (option, *(spec.get("aliases") or ()))}

    def _connection_params(self, config: dict) -> dict:
        """Return the connection options as modules take them. config: the content of the file."""
        params = {option: self.get_option(option) if self._is_given(option, config) else None
                  for option in _CONNECTION}
        params["proxy_headers"] = {
            name: (params["proxy_headers"] or {}).get(name) or os.environ.get(
                f"K8S_AUTH_PROXY_HEADERS_{name.upper()}") for name in _PROXY_HEADERS}
        return params

    def _is_given(self, option: str, config: dict) -> bool:
        """Return whether the file or a variable that is not empty gives an option.

        Ansible takes an empty variable for false, which would turn the verification of certificates off.
        """
        spec = self.option_definitions[option]
        return not {option, *(spec.get("aliases") or ())}.isdisjoint(config) or any(
            os.environ.get(each["name"]) for each in spec.get("env") or ())

    def _warn_of_private_options(self, found: list[clusters.Cluster]) -> None:
        """Warn if the file names a cluster by an option that the playbooks read from the environment only."""
        host = found[0].params.get("host")
        if host and host != os.environ.get("K8S_AUTH_HOST"):
            self.display.warning(
                "the option host of the inventory reaches no module: set K8S_AUTH_HOST and the credentials "
                "in the environment, or use a kubeconfig; otherwise tasks may reach another cluster")

    def _records(self, found: list[clusters.Cluster], path: str, use_cache: bool) -> list[list[dict]]:
        """Return the records of each cluster, from the cache or from the clusters.

        Only records that nothing was left out of are cached.
        """
        selection = cache_reader.Selection(
            ",".join(self.get_option("label_selectors")), ",".join(self.get_option("field_selectors")),
            self.get_option("masters"), self.get_option("quorum"))
        key = f"{self.get_cache_key(path)}_{clusters.digest(found, vars(selection))}"
        if self.get_option("cache") and use_cache and key in self._cache:
            return self._cache[key]
        records, complete = self._read(found, selection)
        if self.get_option("cache") and complete:
            self._cache[key] = records
        return records

    def _read(self, found: list[clusters.Cluster],
              selection: cache_reader.Selection) -> tuple[list[list[dict]], bool]:
        """Return the records of each cluster and whether they are complete.

        A cluster that cannot be read only causes a warning, unless no other can be read.
        """
        records: list[list[dict]] = []
        failures = []
        complete = True
        for cluster in found:
            own: list[dict] = []
            try:
                caches = cache_reader.read(
                    self._connect(cluster), cluster, selection, self.display.warning)
                own, complete = caches.records, complete and caches.complete
            except FluidError as err:
                failures.append((cluster, err))
            records.append(own)
        if len(failures) == len(found):
            raise InvalidInput("; ".join(f"{cluster.text}{err}" for cluster, err in failures))
        for cluster, err in failures:
            self.display.warning(f"{cluster.text}its caches are left out: {err}")
        return records, complete and not failures

    def _connect(self, cluster: clusters.Cluster):
        if connection.KUBERNETES_IMPORT_ERROR:
            raise InvalidInput(f"the Python package kubernetes is not installed for {sys.executable}, which "
                               "runs Ansible: install it there (pip install kubernetes)")
        return connection.connect(cluster.params)

    def _add(self, host: cache_hosts.Host) -> None:
        self.inventory.add_host(host.name)
        for name, value in host.variables.items():
            self.inventory.set_variable(host.name, name, untemplated(value))
        for group in host.groups:
            self.inventory.add_child(self.inventory.add_group(group), host.name)
        strict = self.get_option("strict")
        variables = self.inventory.get_host(host.name).get_vars()
        self._set_composite_vars(self.get_option("compose"), variables, host.name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host.name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host.name, strict=strict)
