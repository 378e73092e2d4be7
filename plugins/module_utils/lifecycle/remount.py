# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounts the under-stores of a bound Dataset again, with other options, another URL or changed Secrets. IO.

The run holds the Lease of the masters: a restoration replaces the mount table, and two runs would unmount for
each other. Other options keep the cached data of a path, another URL does not. FUSE processes read with the
metadata that they cache, which names the earlier mount, so they drop it after the mount.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import partial

from ..alluxio import metadata_cache, mounts as alluxio_mounts
from ..api import bulk
from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.pod_exec import PodShell
from ..apply import update
from ..errors import ApiError, FluidError, Forbidden, PreconditionFailed
from ..fluid import dataset, kinds as fluid_kinds
from ..fluid.components import FUSE_CONTAINER, MASTER_CONTAINER
from ..fluid.names import fuse_selector, mount_config_map_name, mount_point
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, ref_to
from ..k8s.pods import container_runs, is_ready
from ..k8s.wait_status import WaitStatus
from ..masters.group import Masters
from ..masters.lease import held
from ..progress import Reporter
from . import dataset_changes
from .mounted_secrets import require_mounted_secrets

# Seconds. Three starts of a JVM, and connections to an under-store that may not answer.
_MOUNT_TIMEOUT = 180.0
_HASH_TIMEOUT = 10.0
_DROP_TIMEOUT = 30.0
# Seconds between two looks at a Secret's files; kubelet refreshes them within about two minutes.
_PAUSE = 5.0
# Prints one line for each of its arguments, "-" for a file that it cannot read.
HASH = 'for file; do if [ -r "$file" ]; then sha256sum <"$file" | cut -d " " -f 1; else echo -; fi; done'
_KIND = fluid_kinds.DATASET


def run(client: Client, existing: dict, paths: list[str], deadline: Deadline) -> dict[str, float]:
    """Mount these paths of a Dataset again in the masters, unless none is a mount of Alluxio.

    Waits until the masters see the present contents of the Secrets. deadline: for the Lease and that wait.
    Returns the names of the FUSE pods that read with the earlier options for a time yet, with its seconds.
    """
    ref, spec = ref_to(existing), existing.get("spec") or {}
    mounts = dataset_changes.mounts_at(spec, paths)
    if not mounts:
        return {}
    with held(client, ref, deadline, "mount under-stores again") as holder:
        _declare(holder, ref, spec, mounts)
        pod = _ready_master(holder, ref)
        _await_secrets(holder, pod, ref, {(option["secret"], option["key"]) for mount in mounts
                                          for option in _encrypted(spec, mount)}, deadline.again())
        shell = PodShell(holder, pod, MASTER_CONTAINER, _MOUNT_TIMEOUT, "bash", bounded=True)
        for mount in mounts:
            path = dataset.path_of(mount)
            deadline.report_action(f"mounting {path} of {_KIND.describe(ref)} again")
            shell.run(f"mount {path} again", alluxio_mounts.REMOUNT, path, mount["mountPoint"],
                      *alluxio_mounts.arguments(mount, _plain(spec, mount), _files(spec, mount), "--secret"))
    return _drop_metadata(client, ref)


def _drop_metadata(client: Client, ref: ObjectRef) -> dict[str, float]:
    """Let the FUSE processes drop their metadata, and return the pods that keep it, with the seconds."""
    pods = [ref_to(pod) for pod in client.list(kinds.POD, ref.namespace, fuse_selector(ref.name))
            if container_runs(pod, FUSE_CONTAINER)]

    def drop(pod: ObjectRef) -> float:
        shell = PodShell(client, pod, FUSE_CONTAINER, _DROP_TIMEOUT, "bash", bounded=True)
        return metadata_cache.kept_for(shell.run("drop the metadata", metadata_cache.DROP, mount_point(ref)))

    kept = {pod.name: metadata_cache.DEFAULT_EXPIRATION if isinstance(seconds, FluidError) else seconds
            for pod, seconds in zip(pods, bulk.work(pods, drop), strict=True)}
    return {name: seconds for name, seconds in sorted(kept.items()) if seconds}


def _plain(spec: dict, mount: dict) -> dict[str, str]:
    """Return the plain options of a mount, with the shared ones below its own."""
    return {**(spec.get("sharedOptions") or {}), **(mount.get("options") or {})}


def _encrypted(spec: dict, mount: dict) -> list[dict]:
    """Return the name, Secret and key of each encrypted option of a mount, the shared ones first."""
    options = [*(spec.get("sharedEncryptOptions") or []), *(mount.get("encryptOptions") or [])]
    return [{"name": option["name"], "secret": option["valueFrom"]["secretKeyRef"]["name"],
             "key": option["valueFrom"]["secretKeyRef"]["key"]} for option in options]


def _files(spec: dict, mount: dict) -> dict[str, str]:
    return {option["name"]: _file(option["secret"], option["key"]) for option in _encrypted(spec, mount)}


def _file(secret: str, key: str) -> str:
    """Return the file of a Secret's key in the masters (pkg/ddc/alluxio/transform_volumes.go)."""
    return f"/etc/fluid/secrets/{secret}/{key}"


def _declare(client: Client, ref: ObjectRef, spec: dict, mounts: list[dict]) -> None:
    """Change the lines of the mounts in Fluid's ConfigMap, from which a restarted single master mounts."""
    config_map = ObjectRef(ref.namespace, mount_config_map_name(ref.name))
    lines = {dataset.path_of(mount): alluxio_mounts.info_line(
        dataset.path_of(mount), mount, _plain(spec, mount), _files(spec, mount)) for mount in mounts}

    def patch_of(found: dict) -> dict | None:
        info = (found.get("data") or {}).get(alluxio_mounts.INFO_KEY) or ""
        changed = alluxio_mounts.with_lines(info, lines)
        return None if changed == info else {"data": {alluxio_mounts.INFO_KEY: changed}}

    if client.get(kinds.CONFIG_MAP, config_map) is not None:
        update.change(client, kinds.CONFIG_MAP, config_map, patch_of)


def _ready_master(client: Client, ref: ObjectRef) -> ObjectRef:
    pods = Masters(client, ref).pods()
    if not pods or not is_ready(pods[0]):
        raise PreconditionFailed(
            f"no master of {fluid_kinds.ALLUXIO_RUNTIME.describe(ref)} is ready to mount the under-stores: "
            "wait until one is, then run this again")
    return ref_to(pods[0])


def _await_secrets(client: Client, pod: ObjectRef, ref: ObjectRef, files: set[tuple[str, str]],
                   deadline: Deadline) -> None:
    """Wait until the files of these Secrets and keys in the pod have the Secrets' present contents.

    Without the permission to read Secrets the files count as present.
    """
    if not files:
        return
    shell = PodShell(client, pod, MASTER_CONTAINER, _HASH_TIMEOUT, "bash", repeats=True)

    def question() -> WaitStatus:
        # Read again at each look: a rotation may write the keys of a Secret one after the other.
        try:
            expected = {_file(secret, key): _digest(client, ObjectRef(ref.namespace, secret), key)
                        for secret, key in sorted(files)}
        except Forbidden:
            return WaitStatus(True)
        found = shell.run("read the Secrets' files", HASH, *expected).split()
        stale = [file for file, digest in zip(expected, found, strict=True) if expected[file] != digest]
        return WaitStatus(
            not stale, f"{', '.join(stale)} in pod {pod.name} has other contents than its Secret")

    deadline.poll_until(
        "the masters to see the changed Secrets", question, _PAUSE, partial(
            deadline.timeout, "changed Secrets",
            next_step="kubelet refreshes the files within about two minutes, so run this again"))


def _digest(client: Client, ref: ObjectRef, key: str) -> str:
    """Return the SHA-256 of a key of a Secret. Raises PreconditionFailed without the key."""
    found = client.get(kinds.SECRET, ref)
    if found is None or key not in (found.get("data") or {}):
        raise PreconditionFailed(
            f"{kinds.SECRET.describe(ref)} {'does not exist' if found is None else 'has no key ' + key}: "
            "create it, then run this again")
    try:
        return hashlib.sha256(base64.b64decode(found["data"][key], validate=True)).hexdigest()
    except (binascii.Error, ValueError) as err:
        raise ApiError(f"{kinds.SECRET.describe(ref)} has invalid base64 in {key}") from err


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Mount the paths of an existing Dataset again; in check mode only return them.

    Raises PreconditionFailed for a Dataset that no AlluxioRuntime serves and for a path that it cannot mount.
    """
    ref = ref_of(params)
    existing = client.get(_KIND, ref)
    if existing is None or not dataset_changes.is_running(existing):
        raise PreconditionFailed(f"{_KIND.describe(ref)} {'is not bound' if existing else 'does not exist'}: "
                                 "mounts exist in the masters of a bound one only")
    spec = existing.get("spec") or {}
    every = [dataset.path_of(mount) for mount in spec.get("mounts") or []]
    able = [dataset.path_of(mount) for mount in dataset_changes.mounts_at(spec, every)]
    unable = sorted(set(params["paths"] or ()) - set(able))
    if unable:
        raise PreconditionFailed(
            f"{_KIND.describe(ref)} cannot mount {', '.join(unable)} again: the mounts that its masters can "
            f"replace are {', '.join(able) or '(none)'}; others need a new runtime")
    paths = [path for path in able if params["paths"] is None or path in params["paths"]]
    secrets = dataset_changes.secrets_of(spec, paths) if paths else set()
    require_mounted_secrets(client, ref, secrets)
    if check_mode:
        return {"changed": bool(paths), "paths": paths}
    deadline = Deadline(params["wait_timeout"], reporter.progress)
    kept = run(client, existing, paths, deadline)
    if kept and params["wait_for_clients"]:
        _await_expiration(kept, deadline)
    elif kept:
        reporter.warn(f"{_KIND.describe(ref)}: {_advice(kept)}")
    return {"changed": bool(paths), "paths": paths, "metadata_kept_by": list(kept)}


def _await_expiration(kept: dict[str, float], deadline: Deadline) -> None:
    """Wait until the metadata of these FUSE pods has expired; it takes the time that it takes."""
    expiration = deadline.within(max(kept.values()))
    while (remaining := expiration.remaining()) > 0:
        deadline.report_progress(f"waiting for {', '.join(kept)} to cache other metadata: {remaining:.0f} s")
        expiration.sleep(_PAUSE)


def _advice(kept: dict[str, float]) -> str:
    return (f"files that are not cached are read with the earlier options of the mounts for up to "
            f"{max(kept.values()):g} s through {', '.join(kept)}, which cannot drop its metadata; keep the "
            "earlier credentials valid until then. With the property "
            f"{metadata_cache.SPECIAL_COMMANDS}: true the FUSE pods of a new runtime drop it at once")
