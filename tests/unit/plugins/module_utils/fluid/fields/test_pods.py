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
    volumes(KEYTAB, BUNDLE, master={"volume_mounts": [MOUNT, {"name": "bundle", "mountPath": "/etc/ca"}]}),
    volumes(KEYTAB, master={"volume_mounts": [MOUNT]}, worker={"volume_mounts": [MOUNT]},
            fuse={"volume_mounts": [MOUNT]}),
    {"pod_metadata": {"labels": {"team": "a"}, "annotations": {"role": "any"}}},
    {"tieredstore": [{**LEVEL, "volume_source": {"emptyDir": {"medium": "Memory"}}}, LEVEL]},
    {"tieredstore": [{**LEVEL, "volume_type": "hostPath", "volume_source": {"emptyDir": {}}}]},
], ids=["nothing", "not-given", "volumes-alone", "mounts", "three-components", "metadata", "medium",
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
    pytest.param({"tieredstore": [LEVEL, {**LEVEL, "volume_source": {"emptyDir": {}}}]},
                 "tieredstore[1].volume_source.emptyDir has no medium", id="emptydir-without-a-medium"),
])
def test_refused(given, message):
    with pytest.raises(InvalidInput) as refused:
        pods.require_valid(given)
    assert str(refused.value).startswith(message)
