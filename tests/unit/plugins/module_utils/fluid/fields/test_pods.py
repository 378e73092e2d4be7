# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.fields import pods

KEYTAB = {"name": "keytab", "secret": {"secretName": "hdfs"}}
BUNDLE = {"name": "bundle", "configMap": {"name": "ca"}}
MOUNT = {"name": "keytab", "mountPath": "/etc/keytab"}
LEVEL = {"mediumtype": "MEM", "path": "/dev/shm", "volume_type": "emptyDir"}


def volumes(*given, **options):
    return {"volumes": list(given), **options}


@pytest.mark.parametrize("given", [
    {}, {"volumes": None, "master": None, "pod_metadata": None},
    volumes(KEYTAB, BUNDLE),
    volumes(KEYTAB, master={"volume_mounts": [{
        **MOUNT, "readOnly": True, "subPath": "a/b..c", "subPathExpr": None,
        "mountPropagation": "HostToContainer"}]}),
    {"master": {"env": {"A.b-C_1": "x y'$%{}", "B": None, "C": 5},
                "node_selector": {"disk": True, "a/b": ""}}},
    volumes(KEYTAB, BUNDLE, master={"volume_mounts": [MOUNT, {"name": "bundle", "mountPath": "/etc/ca"}]}),
    volumes(KEYTAB, master={"volume_mounts": [MOUNT]}, worker={"volume_mounts": [MOUNT]},
            fuse={"volume_mounts": [MOUNT]}),
    {"pod_metadata": {"labels": {"team": "a"}, "annotations": {"role": "any"}}},
    {"tieredstore": [{**LEVEL, "volume_source": {"emptyDir": {"medium": "Memory"}}}, LEVEL]},
    {"tieredstore": [{**LEVEL, "volume_type": "hostPath", "volume_source": {"emptyDir": {}}}]},
], ids=["nothing", "not-given", "volumes-alone", "options-of-a-mount", "texts", "mounts",
        "three-components", "metadata", "medium",
        "source-that-fluid-ignores"])
def test_accepted(given):
    pods.require_valid(given)


@pytest.mark.parametrize(("given", "message"), [
    pytest.param(volumes({"secret": {}}), "volumes[0] has no name", id="no-name"),
    pytest.param(volumes({"name": 5}), "volumes[0] has no name", id="name-that-is-no-text"),
    pytest.param(volumes(KEYTAB, KEYTAB), "volumes has the name keytab twice", id="name-twice"),
    *[pytest.param(volumes(BUNDLE, {"name": name}),
                   f"volumes[1] has the name {name}, which a volume of Fluid's own has", id=name)
      for name in ("alluxio-journal", "mem", "ssd-0", "user", "alluxio-mount-secret-s3", "hdfs-confs",
                   "pvc")],
    pytest.param(volumes(BUNDLE, worker={"volume_mounts": [MOUNT]}),
                 "worker.volume_mounts[0] has the name 'keytab', and volumes has bundle: declare the volume",
                 id="undeclared-volume"),
    pytest.param({"fuse": {"volume_mounts": [{"mountPath": "/a"}]}},
                 "fuse.volume_mounts[0] has the name None, and volumes has none", id="mount-without-a-name"),
    pytest.param(volumes(KEYTAB, master={"volume_mounts": [MOUNT, {**MOUNT, "mountPath": "/b"}]}),
                 "master.volume_mounts[1] mounts the volume keytab a second time", id="volume-twice"),
    pytest.param(volumes(KEYTAB, master={"volume_mounts": [{"name": "keytab"}]}),
                 "master.volume_mounts[0] has the mountPath None: expected an absolute path", id="no-path"),
    pytest.param(volumes(KEYTAB, master={"volume_mounts": [{**MOUNT, "mountPath": "etc"}]}),
                 "master.volume_mounts[0] has the mountPath 'etc': expected an absolute path", id="relative"),
    pytest.param(volumes(KEYTAB, BUNDLE, master={"volume_mounts": [MOUNT, {"name": "bundle",
                                                                           "mountPath": "/etc/keytab/"}]}),
                 "master.volume_mounts[1] has the mountPath /etc/keytab/, which another mount has",
                 id="path-twice"),
    pytest.param(volumes(KEYTAB, master={"volume_mounts": [{**MOUNT, "mountPath": "/journal"}]}),
                 "master.volume_mounts[0] has the mountPath /journal, which another mount has", id="journal"),
    pytest.param({"pod_metadata": {"labels": {"role": "a"}}},
                 "pod_metadata.labels has role, which is a label of Fluid's", id="label"),
    pytest.param({"worker": {"pod_metadata": {"labels": {"release": "a"}}}},
                 "worker.pod_metadata.labels has release", id="label-of-a-component"),
    *[pytest.param(volumes(KEYTAB, master={"volume_mounts": [{**MOUNT, **more}]}),
                   f"master.volume_mounts[0] {message}", id=message)
      for more, message in [
          ({"mountPath": "/etc:x"}, "has the mountPath '/etc:x': expected an absolute path without ':'"),
          ({"mountPath": "/etc/\nx"}, "has the mountPath '/etc/\\nx': expected an absolute path without ':'"),
          ({"mountPath": "/"}, "has the mountPath '/': expected an absolute path"),
          ({"subPath": "../x"}, "has the subPath '../x': expected a relative path without '..'"),
          ({"subPath": "/x"}, "has the subPath '/x': expected a relative path without '..'"),
          ({"subPathExpr": "a/../b"}, "has the subPathExpr 'a/../b': expected a relative path"),
          ({"subPath": 5}, "has the subPath 5: expected a relative path"),
          ({"subPath": "a", "subPathExpr": "b"}, "has subPath and subPathExpr: use one of them"),
          ({"readonly": True}, "has the unknown key 'readonly': expected mountPath, mount"),
          ({"readOnly": "yes"}, "has readOnly 'yes': expected true or false"),
          ({"mountPropagation": "all"}, "has the mountPropagation 'all': expected one of None, ")]],
    pytest.param(volumes({**KEYTAB, "name": "My Keys"}),
                 "the name of volumes[0] 'My Keys' cannot name a volume of the pods", id="name-of-a-volume"),
    pytest.param(volumes({**KEYTAB, "name": "v" * 64}), "the name of volumes[0] 'vvvv", id="long-name"),
    pytest.param(volumes({"name": "keytab"}), "volumes[0] keytab has no source: expected one, such as secret",
                 id="no-source"),
    pytest.param(volumes({**KEYTAB, "emptyDir": {}}),
                 "volumes[0] keytab has the sources emptyDir, secret: expected one", id="two-sources"),
    pytest.param(volumes({"name": "keytab", "secret": "hdfs"}),
                 "volumes[0] keytab has the source secret, which is no dictionary", id="source-in-text"),
    *[pytest.param({**options}, message, id=message) for options, message in [
        ({"pod_metadata": {"labels": {"team": "a b"}}}, "pod_metadata.labels[team] is 'a b', which is no"),
        ({"pod_metadata": {"annotations": {"a b": "x"}}}, "pod_metadata.annotations has the key 'a b'"),
        ({"fuse": {"pod_metadata": {"labels": {"a b": "x"}}}}, "fuse.pod_metadata.labels has the key 'a b'"),
        ({"master": {"node_selector": {"a b": "x"}}}, "master.node_selector has the key 'a b'"),
        ({"worker": {"node_selector": {"disk": "a b"}}}, "worker.node_selector[disk] is 'a b', which is no"),
        ({"master": {"env": {"A B": "x"}}}, "master.env has the name 'A B': expected letters"),
        ({"master": {"env": {"": "x"}}}, "master.env has the name ''"),
        ({"worker": {"env": {"1A": "x"}}}, "worker.env has the name '1A'"),
        ({"worker": {"env": {"A=": "x"}}}, "worker.env has the name 'A='"),
        ({"fuse": {"env": {"A": 'x"y'}}}, "fuse.env.A has the character '\"', which Fluid's chart cannot"),
        ({"master": {"env": {"A": "C:\\x"}}}, "master.env.A has the character '\\\\', which Fluid's chart"),
        ({"master": {"env": {"A": "a\nb"}}}, "master.env.A has the character '\\n', which Fluid's chart")]],
    pytest.param({"tieredstore": [{**LEVEL, "volume_source": {"emptyDir": "x"}}]},
                 "tieredstore[0].volume_source.emptyDir is no dictionary", id="emptydir-in-text"),
    pytest.param({"tieredstore": [LEVEL, {**LEVEL, "volume_source": {"emptyDir": {}}}]},
                 "tieredstore[1].volume_source.emptyDir has no medium", id="emptydir-without-a-medium"),
])
def test_refused(given, message):
    with pytest.raises(InvalidInput) as refused:
        pods.require_valid(given)
    assert str(refused.value).startswith(message)
