# SPDX-License-Identifier: GPL-3.0-or-later
"""The SecurityContextConstraints of the role install, as the module gets them.

No test runs on OpenShift. The schema is that of openshift/api (security/v1), and the needs are those of the
charts of Fluid.
"""

import json

import pytest
from role_site import INSTALLATION, RoleSite

MODULE = '''#!/usr/bin/python
# WANT_JSON
import json, sys
given = json.load(open(sys.argv[1]))
with open("{folder}/definitions", "a") as file:
    print(json.dumps(given["definition"]), file=file)
print(json.dumps({{"changed": False}}))
'''
STRATEGIES = ("runAsUser", "seLinuxContext", "fsGroup", "supplementalGroups")
# The fields of the schema, and those that it requires.
BOOLEANS = {"allowHostDirVolumePlugin", "allowHostIPC", "allowHostNetwork", "allowHostPID", "allowHostPorts",
            "allowPrivilegedContainer", "readOnlyRootFilesystem"}
LISTS = {"allowedCapabilities", "defaultAddCapabilities", "requiredDropCapabilities", "volumes"}
REQUIRED = {*BOOLEANS, *LISTS, "priority"}
KNOWN = {*REQUIRED, *STRATEGIES, "allowPrivilegeEscalation", "apiVersion", "kind", "metadata", "users",
         "groups"}


@pytest.fixture
def site(tmp_path):
    found = RoleSite(tmp_path)
    core = found.modules.parents[3] / "kubernetes" / "core" / "plugins" / "modules"
    (core / "k8s.py").write_text(MODULE.format(folder=tmp_path))
    return found


def created(site, tmp_path, hosts=None, **variables):
    """Run the playbook install and return the objects that it creates or changes."""
    site.run("install", hosts=hosts, **variables)
    file = tmp_path / "definitions"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_cluster_without_the_variable_gets_none(site, tmp_path):
    assert created(site, tmp_path) == []


def test_the_object_fits_the_schema_and_admits_what_the_charts_ask_for(site, tmp_path):
    [found] = created(site, tmp_path, fluid_openshift_namespaces="research, data")
    assert (found["apiVersion"], found["kind"]) == (
        "security.openshift.io/v1", "SecurityContextConstraints")
    assert found.keys() >= REQUIRED and found.keys() <= KNOWN
    assert all(isinstance(found[name], bool) for name in BOOLEANS)
    assert all(isinstance(each, str) for name in (*LISTS, "users") for each in found[name])
    assert all(found[name] == {"type": "RunAsAny"} for name in STRATEGIES)
    assert found["priority"] == 0
    assert found["users"] == [
        "system:serviceaccount:fluid-system:fluid-csi", "system:serviceaccount:data:default",
        "system:serviceaccount:research:default"]
    # csi/daemonset.yaml of the chart; master, worker and fuse of charts/alluxio.
    assert found["allowPrivilegedContainer"] and found["allowHostDirVolumePlugin"]
    assert found["allowHostNetwork"] and found["allowHostPorts"]
    assert found["allowedCapabilities"] == ["SYS_ADMIN"]
    assert {"hostPath", "emptyDir", "configMap", "secret", "persistentVolumeClaim"} <= set(found["volumes"])
    assert not found["allowHostPID"] and not found["allowHostIPC"]


def test_the_values_of_the_chart_decide_about_the_processes_of_the_host(site, tmp_path):
    [found] = created(site, tmp_path, fluid_openshift_namespaces=["data"],
                      fluid_chart_values={"csi": {"hostPID": True}})
    assert found["allowHostPID"] is True


def test_several_caches_of_a_cluster_create_it_once(site, tmp_path):
    answer = {"fluid_installation_info": {
        "installed": True, "namespace": "fluid", "release": None, "adopted": False, "chart_values": {},
        "definitions": True, "csi": True, "idle_controllers": [], "up_to_date": True, "ready": True,
        "digest": "9f86d081", "cluster": "one"}}
    [found] = created(site, tmp_path, {"a": answer, "b": answer}, fluid_openshift_namespaces=["data"])
    assert found["users"][0] == "system:serviceaccount:fluid:fluid-csi"


def test_caches_of_a_cluster_with_different_namespaces_are_refused(site, tmp_path):
    """The one that acts would leave out the namespaces of the others."""
    answer = {"fluid_installation_info": {**INSTALLATION, "cluster": "one"}}
    hosts = {name: {**answer, "variables": {"fluid_openshift_namespaces": [namespace]}}
             for name, namespace in (("a", "data"), ("b", "research"))}
    site.run("install", hosts=hosts, passes=False)
    output = " ".join(site.output.split())
    assert "fluid_openshift_namespaces), expected equal ones: a cluster has one Fluid" in output


def test_a_later_batch_of_an_upgrade_withdraws_no_namespace(site, tmp_path):
    """The playbook upgrades one host after the other."""
    answers = {"fluid_installation_info": {**INSTALLATION, "cluster": "one"}, "fluid_ready": {},
               "dataset_info": {"summaries": []}, "helm_info": {"status": {
                   "chart": "fluid-1.0.8", "status": "deployed", "revision": 1}}}
    hosts = {name: {**answers, "variables": {"fluid_openshift_namespaces": [namespace]}}
             for name, namespace in (("a", "data"), ("b", "research"))}
    site.run("upgrade", hosts=hosts, passes=False)
    assert "The hosts a and b use the same cluster" in " ".join(site.output.split())
    [found] = [json.loads(line) for line in (tmp_path / "definitions").read_text().splitlines()]
    assert "system:serviceaccount:data:default" in found["users"]


def test_the_order_of_the_namespaces_is_no_difference(site, tmp_path):
    answer = {"fluid_installation_info": {**INSTALLATION, "cluster": "one"}}
    hosts = {name: {**answer, "variables": {"fluid_openshift_namespaces": namespaces}}
             for name, namespaces in (("a", ["data", "research"]), ("b", "research, data"))}
    assert len(created(site, tmp_path, hosts)) == 1


def test_a_name_that_is_no_namespace_is_refused(site, tmp_path):
    site.run("install", passes=False, fluid_openshift_namespaces=["data", "My Team"])
    assert "(fluid_openshift_namespaces) is data, My Team: expected DNS-1123 labels" in " ".join(
        site.output.split())
    assert not (tmp_path / "definitions").exists()
