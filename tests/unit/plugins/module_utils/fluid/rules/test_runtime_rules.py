# SPDX-License-Identifier: GPL-3.0-or-later
"""What Fluid 1.0.8 accepts and cannot use, ignores or changes. The rules are those of its transform code."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import runtime
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.rules import runtime as rules

MEM = {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi"}
SSD = {"mediumtype": "SSD", "path": "/mnt/a,/mnt/b", "quota_list": "8Gi,4Gi"}
CONTAINER = {"network_mode": "ContainerNetwork"}


def params(**given):
    return {"name": "hbase", "namespace": "data", "master_replicas": 1, "worker_replicas": 1,
            "network_mode": "HostNetwork", **given}


def ha(**given):
    return {"master_replicas": 3, **given}


def of_worker(kind, amount, *levels):
    return {"worker": {"resources": {kind: {"memory": amount}}}, "tieredstore": list(levels)}


TYPE, FOLDER = "alluxio.master.journal.type", "alluxio.master.journal.folder"
ADDRESSES = "alluxio.master.embedded.journal.addresses"
ALIGNS = "alluxio.worker.management.tier.align.enabled"
ALIGN_BYTES = "alluxio.worker.management.tier.align.reserved.bytes"
USER = {"uid": 1000, "gid": 1000, "user": "hdfs", "group": "hadoop"}
REFUSED = [
    # -- users
    *[({"run_as": {**USER, field: text}},
       f"run_as.{field} is {text!r}: expected at most 32 letters, digits, '_', '-' and '.', as Fluid passes")
      for field, text in (("user", "a;id"), ("user", "$(id)"), ("group", "a b"), ("user", ""),
                          ("group", "a:b"), ("user", "-G"), ("user", "u" * 33))],
    *[({"run_as": {**USER, field: number}}, f"run_as.{field} is {number}: expected an ID from 0")
      for field, number in (("uid", -1), ("gid", 2**31))],
    # -- the journal
    (ha(properties={TYPE: "UFS"}),
     f"properties sets {TYPE}: UFS, and with master_replicas 3 the journal has the type EMBEDDED: leave the "
     "property out, or change master_replicas"),
    ({"properties": {TYPE: "EMBEDDED"}}, f"properties sets {TYPE}: EMBEDDED, and with master_replicas 1 the"),
    (ha(properties={TYPE: "NOOP"}), f"properties sets {TYPE}: NOOP"),
    # A property of one component keeps Fluid from setting its default for all of them.
    (ha(worker={"properties": {TYPE: "UFS"}}), f"worker.properties sets {TYPE}: UFS"),
    (ha(fuse={"properties": {FOLDER: "/data"}}), f"fuse.properties sets {FOLDER}: /data, and the volume of "
                                                 "the journal is at /journal"),
    (ha(jvm_options=[f"-D{TYPE}=UFS"]), f"jvm_options sets {TYPE}: UFS"),
    (ha(master={"jvm_options": ["-Xmx1g", f"-D{FOLDER}=/data"]}), f"master.jvm_options sets {FOLDER}"),
    (ha(properties={ADDRESSES: "a:1,b:1,c:1"}),
     f"properties sets {ADDRESSES}, which Fluid computes from the names of the masters: leave the property "
     "out"),
    ({"master": {"properties": {"alluxio.master.hostname": "me"}}},
     "master.properties sets alluxio.master.hostname, which Fluid computes"),
    (ha(job_master={"properties": {"alluxio.job.master.rpc.addresses": "a:1"}}),
     "job_master.properties sets alluxio.job.master.rpc.addresses"),
    # -- tiers
    *[({"tieredstore": [{**MEM, "path": path}]}, f"tieredstore[0].path is {path!r}: expected paths {rest}")
      for path, rest in (("/a:b", "without ':'"), ("/a/../b", "without empty, '.' and '..' parts"),
                         ("/a$(id)", "without '$'"), ("/a//b", "without empty"), ("/", "below /"),
                         ("/a*", "without '*'"))],
    *[({"tieredstore": [{**MEM, "high": high, "low": "0.1"}]},
       f"tieredstore[0].high is {high!r}: expected a share")
      for high in (" 0.9 ", "0_9", "\u0660.\u0669", "1e-1f")],
    ({"tieredstore": [{**MEM, "quota": "1e5000"}]}, "tieredstore[0].quota: '1e5000' is not a Kubernetes"),
    ({"tieredstore": [{**MEM, "path": "/a,/b", "quota": "1"}]},
     "tieredstore[0].quota is 1 for 2 paths: expected at least 1 byte for each"),
    # -- numbers
    ({"data": {"replicas": -1}}, "data.replicas is -1: expected 0 or more"),
    *[({"management": {"clean_cache_policy": {option: -1}}},
       f"management.clean_cache_policy.{option} is -1: expected 0 or more")
      for option in ("grace_period_seconds", "max_retry_attempts")],
    # -- images
    *[({"fuse": {"image_tag": tag}},
       f"fuse.image_tag is {tag!r}: Fluid reads Alluxio's version from it and creates no pods without one; "
       "expected a tag such as 2.9.4 or release-2.9.4-jdk11")
      for tag in ("latest", "nightly", "2", "test-2.7.2", "v2", "02.9.4", "alluxio-2.9.4", "2.x")],
    *[({"image": image}, f"image is {image!r}: expected the name of an image, such as alluxio/alluxio or")
      for image in ("Foo/Bar", 'a"b', "https://registry/alluxio", "alluxio/", "a//b", "-a", "a b")],
    ({"fuse": {"image": "X"}}, "fuse.image is 'X': expected the name"),
    ({"init_users": {"image": "a;b"}}, "init_users.image is 'a;b': expected the name"),
    ({"image_pull_secrets": ["regcred", "My Secret"]}, "image_pull_secrets[1] 'My Secret' is not a DNS-1123"),
    ({"worker": {"image_pull_secrets": [""]}}, "worker.image_pull_secrets[0] '' is not a DNS-1123 subdomain"),
    ({"hadoop_config": "a/b"}, "hadoop_config 'a/b' is not a DNS-1123 subdomain: expected at most 253"),
    ({"image_tag": "2.9.4 "}, "image_tag is '2.9.4 ': expected a tag of letters, digits"),
    ({"image": "alluxio/alluxio:2.9.4"},
     "image is 'alluxio/alluxio:2.9.4', with a tag: Fluid appends image_tag to it; expected the image "
     "without a tag, and the tag in image_tag"),
    ({"fuse": {"image": "r:5000/fuse@sha256:00"}},
     "fuse.image is 'r:5000/fuse@sha256:00', with a digest: Fluid appends image_tag to it; expected the "
     "image without a digest, and the tag in fuse.image_tag"),
    ({"image": "alluxio alluxio"}, "image is 'alluxio alluxio': expected the name of an image"),
    # -- resources
    (of_worker("limits", "1Gi", MEM),
     "worker.resources.limits.memory is 1Gi, below the 2Gi of the tiers in memory (tieredstore): Fluid "
     "creates no workers then; raise the limit, or lower the quota"),
    (of_worker("limits", "2147483647", MEM), "worker.resources.limits.memory is 2147483647, below the 2Gi"),
    (of_worker("limits", "3Gi", {**MEM, "path": "/a,/b", "quota": None, "quota_list": "2Gi,2Gi"}),
     "worker.resources.limits.memory is 3Gi, below the 4Gi"),
    ({"master": {"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}}}},
     "master.resources.requests.cpu is 2, above the limit 1500m: Kubernetes creates no such pods; raise "
     "limits, or lower requests"),
    ({"fuse": {"resources": {"limits": {"memory": "-1"}}}},
     "fuse.resources.limits.memory is -1: expected an amount of zero or more"),
    # -- tiers
    ({"tieredstore": [{"mediumtype": "MEM", "path": "/dev/shm"}]},
     "tieredstore[0] has neither quota nor quota_list, without which Fluid creates no pods: set quota, such "
     "as 2Gi"),
    ({"tieredstore": [MEM, {**MEM, "path": "/b"}]},
     "tieredstore[1] has the mediumtype MEM, as tieredstore[0] has: put its paths into that tier"),
    ({"tieredstore": [MEM, {**SSD, "path": "/mnt/a,/dev/shm/"}]},
     "tieredstore[1] has the path /dev/shm, as tieredstore[0] has: give each tier its own paths"),
    ({"tieredstore": [{**SSD, "path": "/a, /b"}]},
     "tieredstore[0].path is '/a, /b': expected absolute paths without spaces, joined with commas"),
    ({"tieredstore": [{**MEM, "path": "shm"}]}, "tieredstore[0].path is 'shm': expected absolute paths"),
    # -- ports
    ({**CONTAINER, "master": {"ports": {"rpc": 20000}}},
     "master.ports.rpc is 20000, and with network_mode ContainerNetwork Fluid uses fixed ports (19998 for "
     "the masters' RPC): leave it out, or use network_mode HostNetwork"),
    ({**CONTAINER, "properties": {"alluxio.worker.web.port": "30001"}},
     "properties.alluxio.worker.web.port is 30001, and with network_mode ContainerNetwork"),
    ({"master": {"ports": {"rcp": 20000}}},
     "master.ports has rcp, which Fluid does not know: expected rpc, web, embeddedJournal"),
    ({"worker": {"ports": {"data": 20000}}}, "worker.ports has data, which Fluid does not know"),
    *[({"master": {"ports": {"rpc": port}}},
       f"master.ports.rpc is {port!r}: expected a port between 1 and 65535")
      for port in ("http", 0, 65536, True, "", 1.5, None)],
    ({"master": {"ports": {"rpc": 20000}}, "worker": {"ports": {"web": "20000"}}},
     "worker.ports.web is 20000, as master.ports.rpc is: the components share the ports of their node"),
    ({"properties": {"alluxio.master.rpc.port": "http"}},
     "properties.alluxio.master.rpc.port is 'http': expected a port"),
    ({"master": {"properties": {"alluxio.master.web.port": "20000"}}},
     "master.properties sets alluxio.master.web.port, of which Fluid does not learn: use master.ports.web"),
    ({"properties": {"alluxio.master.rpc.port": 2}, "master": {"ports": {"rpc": 2}}},
     "master.ports.rpc and properties both set alluxio.master.rpc.port: use master.ports.rpc alone"),
    # -- Java options
    ({"properties": {"alluxio.a": "b -Dalluxio.c=d"}},
     "properties.alluxio.a has a space or line break: Fluid joins Java options with spaces, so the rest "
     "would be another option; remove it"),
    ({"worker": {"properties": {"alluxio.a": "b\n"}}}, "worker.properties.alluxio.a has a space or line"),
    *[({"properties": {"alluxio.a": value}},
       f"properties.alluxio.a has {sign!r}: the shell that starts Alluxio would execute what follows")
      for value, sign in (("$(id)", "$("), ("a`id`", "`"))],
    ({"fuse": {"jvm_options": ["-Xmx1g", "-Da=$(id)"]}}, "fuse.jvm_options has '$(': the shell that starts"),
    ({"jvm_options": ["-Xmx1g\n-Xms1g"]}, "jvm_options has a line break or another control character: Fluid"),
    ({"properties": {"alluxio.a=b": "c"}}, "properties has the key 'alluxio.a=b': expected the name"),
    ({"properties": {"alluxio a": "b"}}, "properties has the key 'alluxio a': expected the name"),
    (ha(jvm_options=["-Xmx1g -Xms1g"]),
     "jvm_options has '-Xmx1g -Xms1g': expected one option without spaces in each entry"),
    (ha(job_master={"jvm_options": [""]}), "job_master.jvm_options has ''"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED, ids=[message[:60] for _given, message in REFUSED])
def test_refused(given, message):
    with pytest.raises(InvalidInput) as refused:
        runtime.require_valid(params(**given))
    assert str(refused.value).startswith(message)


ACCEPTED = {
    "journal-of-fluid": ha(properties={TYPE: "EMBEDDED", FOLDER: "/journal"}),
    "journal-of-one": {"properties": {TYPE: "UFS"}},
    **{f"tag-{tag}": {"fuse": {"image_tag": tag}}
       for tag in ("2.9.4", "v2.9", "release-2.7.2-SNAPSHOT-3714f2b", "2.9.4-SNAPSHOT", "RELEASE-2.9.0",
                   "0.1", "2.9.4.1", None, "")},
    "runtime-tag-without-a-version": {"image_tag": "latest"},  # Fluid parses the tag of FUSE alone
    **{image: {"image": image} for image in ("alluxio", "Registry.example.com/a__b/c-d.e", "[fd00::1]:5000/a",
                                             "localhost:5000/alluxio/alluxio-dev", None, "")},
    "names": {"image_pull_secrets": ["reg.cred-1"], "hadoop_config": "hdfs-config"},
    "registry-with-a-port": {"image": "registry:5000/alluxio/alluxio", "image_tag": "2.9.4"},
    "limit-of-the-tier": of_worker("limits", "2Gi", MEM, SSD),
    "limit-below-disks": of_worker("limits", "1Gi", SSD),
    "limit-of-zero": of_worker("limits", "0", MEM),  # Fluid takes it as none
    "request-below-the-tier": of_worker("requests", "1Gi", MEM),
    "host-ports": {"master": {"ports": {"rpc": 20000, "web": "20001", "embeddedJournal": 20002}},
                   "properties": {"alluxio.worker.rpc.port": "20003"}},
    "ports-of-workers-on-the-host": {**CONTAINER, "worker": {"network_mode": "HostNetwork",
                                                             "ports": {"rpc": 20000}}},
    "variables-and-quotes": {"properties": {"alluxio.a": "${HOME}/$b\"c'd&e"}},
    "two-options-of-a-single-master": {"jvm_options": ["-Xmx1g -Xms1g"]},
    "root": {"run_as": {"uid": 0, "gid": 0, "user": "root", "group": "root"}},
    "user-with-a-dot": {"run_as": {**USER, "user": "Jo.hn_d-2", "gid": 2**31 - 1}},
    "trailing-slash": {"tieredstore": [{**MEM, "path": "/a/b.c_d-1/,/e", "high": "1e-1", "low": ".05"}]},
    "two-tiers": {"tieredstore": [MEM, SSD]},
}


@pytest.mark.parametrize("given", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(given):
    runtime.require_valid(params(**given))


@pytest.mark.parametrize(("given", "desired"), [
    (of_worker("requests", "1Gi", MEM), "2Gi"),
    (of_worker("requests", 0, MEM), "2Gi"),
    (of_worker("requests", "3Gi", MEM), "3Gi"),
    (of_worker("requests", "1Gi", SSD), "1Gi"),
    # Fluid divides a quota by the number of paths and adds the parts up again.
    (of_worker("requests", "1", {**MEM, "path": "/a,/b", "quota": "2049"}), "2Ki"),
    (of_worker("requests", "1", {**MEM, "quota": None, "quota_list": "1500"}), "1500"),
])
def test_the_request_is_the_one_that_fluid_writes(given, desired):
    worker = runtime.manifest(params(**given))["spec"]["worker"]
    assert worker["resources"] == {"requests": {"memory": desired}}


def test_a_missing_request_is_left_to_fluid():
    assert "resources" not in runtime.manifest(params(tieredstore=[MEM]))["spec"]["worker"]


@pytest.mark.parametrize(("given", "lines"), [
    ({}, []),
    (of_worker("requests", "1Gi", MEM),
     ["worker.resources.requests.memory is 1Gi, below the 2Gi of the tiers in memory: Fluid raises it to "
      "2Gi"]),
    ({"fuse": {"resources": {"limits": {"cpu": "1"}, "requests": {"memory": "1Gi"}}}},
     ["fuse.resources has no limits.memory, without which Fluid 1.0.8 ignores all of fuse.resources: set "
      "it"]),
    ({"fuse": {"resources": {"limits": {"memory": "1Gi"}}}}, []),
    ({"worker": {"resources": {"limits": {"ephemeral-storage": "1Gi", "cpu": 1}}},
      "master": {"resources": {"requests": {"hugepages-2Mi": "1Gi"}}}},
     ["Fluid 1.0.8 ignores master.resources.requests.hugepages-2Mi, "
      "worker.resources.limits.ephemeral-storage: it knows cpu and memory alone"]),
    *[({"tieredstore": levels, **more}, [
        f"with several tiers a worker reserves {kept} of each path "
        "(alluxio.worker.management.tier.align.reserved.bytes), and caches nothing in "
        f"{unused}: raise the quota, declare one tier, or set {ALIGNS}: false in properties"])
      for levels, more, kept, unused in [
          ([{**MEM, "quota": "1Gi"}, SSD], {}, "1Gi", "/dev/shm (1Gi)"),
          ([MEM, {**SSD, "quota_list": "1Gi,512M"}], {}, "1Gi", "/mnt/a (1Gi), /mnt/b (512Mi)"),
          ([MEM, {**SSD, "quota_list": None, "quota": "2Gi"}], {}, "1Gi", "/mnt/a (1Gi), /mnt/b (1Gi)"),
          ([MEM, SSD], {"properties": {ALIGN_BYTES: "2GB"}}, "2Gi", "/dev/shm (2Gi)"),
          ([MEM, SSD], {"worker": {"jvm_options": [f"-D{ALIGN_BYTES}=2GB"]}}, "2Gi", "/dev/shm (2Gi)")]],
    *[({"tieredstore": levels, **more}, []) for levels, more in [
        ([{**MEM, "quota": "512Mi"}], {}),
        ([{**MEM, "quota": "1073741825"}, SSD], {}),
        ([{**MEM, "quota": "1Gi"}, SSD], {"properties": {ALIGNS: False}}),
        ([{**MEM, "quota": "1Gi"}, SSD], {"worker": {"properties": {ALIGN_BYTES: "512MB"}}}),
        ([{**MEM, "quota": "1Gi"}, SSD], {"properties": {ALIGN_BYTES: "much"}})]],
    # alluxio_rollout applies what Fluid's chart leaves out.
    (ha(master={"resources": {"requests": {"ephemeral-storage": "1Gi"}}}), []),
])
def test_what_fluid_changes_or_ignores_is_warned_of(given, lines):
    assert rules.warnings(params(**given)) == lines
