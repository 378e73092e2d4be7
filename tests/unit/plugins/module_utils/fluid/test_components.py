# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import components
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import (
    DOMAINS,
    JOB_MASTER,
    MASTER,
    container_of,
    raft_component,
    web_port,
)


@pytest.mark.parametrize("domain", DOMAINS)
def test_fluids_chart_puts_the_domains_masters_there(recorded, domain):
    component = raft_component(domain)
    template = recorded("stateful_set_master.json")["spec"]["template"]["spec"]
    [container] = [each for each in template["containers"] if each["name"] == component.container]
    assert {component.web_port, component.raft_port} <= {port["name"] for port in container["ports"]}
    assert component.java_options in recorded("config_map.json")["data"]
    assert component.spec_field in components.COMPONENTS.values()
    assert container_of(domain) == component.container


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_web_port_of_a_recorded_master(recorded, domain):
    spec = recorded("stateful_set_master.json")["spec"]["template"]["spec"]
    ports = {(container["name"], port["name"]): port["containerPort"]
             for container in spec["containers"] for port in container["ports"]}
    assert web_port({"spec": spec}, domain) == ports[container_of(domain), raft_component(domain).web_port]


@pytest.mark.parametrize("containers", [
    None, [], [{"name": "alluxio-master"}],
    [{"name": "alluxio-master", "ports": [{"name": "rpc", "containerPort": 1}]}],
    [{"name": "other", "ports": [{"name": "web", "containerPort": 1}]}],
], ids=["no-containers", "none", "no-ports", "another-port", "another-container"])
def test_a_pod_that_declares_no_web_port_has_none(containers):
    assert web_port({"spec": {"containers": containers}}, MASTER) is None
    assert web_port({}, JOB_MASTER) is None
