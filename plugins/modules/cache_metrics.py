#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cache_metrics
short_description: Let Prometheus and Grafana monitor a cache
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Creates a ServiceMonitor, a PrometheusRule and a ConfigMap with a dashboard in the namespace of a cache.
  - The definitions describe all caches. The module changes them so that they select this cache only, and
    several caches of a cluster do not record the same series.
  - The AlluxioRuntime owns the objects, so they are deleted with it.
  - Fails without the resource definitions of the Prometheus Operator, and for a runtime with
    C(disablePrometheus). Check mode predicts that a missing runtime is created.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.state
options:
  labels:
    description: Labels of all objects, which the selectors of a Prometheus may require.
    type: dict
  service_monitor:
    description: Spec of the ServiceMonitor. The module adds the release of the cache to its selector and
      removes C(namespaceSelector). Required with O(state=present).
    type: dict
  prometheus_rule:
    description: Spec of the PrometheusRule. The module replaces each C(fluid_runtime!="") by the namespace
      and the name of the cache. Required with O(state=present).
    type: dict
  dashboard:
    description: Dashboard of Grafana. The module gives it the title and UID of the cache, and constants
      instead of its variables C(namespace) and C(fluid_runtime). Required with O(state=present).
    type: dict
seealso:
  - module: datacache.fluid.cache_info
  - module: datacache.fluid.cache_diagnosis
"""

EXAMPLES = r"""
- name: Monitor a cache with the definitions of this collection
  datacache.fluid.cache_metrics:
    name: hbase
    namespace: data
    labels:
      release: kube-prometheus-stack
    service_monitor: "{{ (lookup('ansible.builtin.file', 'service-monitor.yml') | from_yaml).spec }}"
    prometheus_rule: "{{ (lookup('ansible.builtin.file', 'prometheus-rule.yml') | from_yaml).spec }}"
    dashboard: "{{ lookup('ansible.builtin.file', 'dashboard.json') | from_json }}"

- name: Remove the objects, and keep the cache
  datacache.fluid.cache_metrics:
    name: hbase
    namespace: data
    state: absent
"""

RETURN = r"""
objects:
  description: The objects that belong to the metrics of the cache.
  returned: success
  type: list
  elements: str
  sample: [ServiceMonitor hbase-alluxio-masters in namespace data]
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.1
"""

from ..module_utils.lifecycle.metrics.ensure import ensure, require_valid
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run

DEFINITIONS = ("service_monitor", "prometheus_rule", "dashboard")


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(), arguments.state(), labels={"type": "dict"},
        **{name: {"type": "dict"} for name in DEFINITIONS})


def main() -> None:
    module = FluidModule(argument_spec(), supports_check_mode=True,
                         required_if=[("state", "present", DEFINITIONS)])
    run(module, ensure, require_valid)


if __name__ == "__main__":
    main()
