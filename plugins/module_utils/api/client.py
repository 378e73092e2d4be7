# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server's verbs on objects: JSON in, JSON out. IO."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from ..errors import ApiError, Expired, KindNotFound, WriteConflict
from ..k8s.kinds import EVICTION, POD, Kind, ObjectRef
from .pod_api import PodApi
from .transport import ATTEMPTS, HTTP_ERROR, TRANSIENT, events, raise_for_status, retry_after

PAGE = 500
_VERBS = {"GET": "get", "POST": "create", "PATCH": "patch", "DELETE": "delete"}
_MERGE_PATCH = "application/merge-patch+json"
# The API server's answer (409) when a pod of that name exists but has another UID: of Kubernetes 1.34 (seen),
# and of the storage below it (k8s.io/apiserver, pkg/storage, Preconditions.Check).
_OTHER_UID = re.compile("UID in (the )?precondition")


class Client(PodApi):
    """A client that reads and writes objects."""

    def get(self, kind: Kind, ref: ObjectRef) -> dict | None:
        """Return the object, None if it does not exist. Raises KindNotFound for an unknown kind."""
        try:
            return self._json("GET", kind, kind.path(ref))
        except ApiError as err:
            if err.status == 404 and not isinstance(err, KindNotFound):
                return None
            raise

    def list(self, kind: Kind, namespace: str | None = None, label_selector: str = "",
             field_selector: str = "", limit: int | None = None) -> Iterator[dict]:
        """Yield the objects of a kind. limit: objects in a page, PAGE by default; only one page is in memory.
        """
        query = {"limit": limit or PAGE, "labelSelector": label_selector, "fieldSelector": field_selector}
        for page in self._pages(kind, namespace, query, resume=True):
            yield from _items(kind, page)

    def snapshot(self, kind: Kind, namespace: str | None, only: str = "") -> tuple[dict[str, dict], str]:
        """Return the objects of a namespace by name, and their resource version, from which to watch.

        only: the name of the only object to read; empty for all. A list whose pages expire is read again, up
        to ATTEMPTS times in total, so that all objects are of one version.
        """
        for _attempt in range(ATTEMPTS - 1):
            try:
                return self._snapshot(kind, namespace, only)
            except Expired:
                continue
        return self._snapshot(kind, namespace, only)

    def _snapshot(self, kind: Kind, namespace: str | None, only: str) -> tuple[dict[str, dict], str]:
        found: dict[str, dict] = {}
        version = ""
        for page in self._pages(kind, namespace, {"limit": PAGE, "fieldSelector": _field_selector(only)}):
            found.update((item["metadata"]["name"], item) for item in _items(kind, page))
            version = page["metadata"].get("resourceVersion", "")
        return found, version

    def _pages(self, kind: Kind, namespace: str | None, query: dict, resume: bool = False) -> Iterator[dict]:
        """Yield the pages of a list.

        resume: continue an expired list with the token of the server's refusal; later pages are then newer
        (kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks).
        """
        token = ""
        while True:
            try:
                page = self._json(
                    "GET", kind, kind.collection_path(namespace), {**query, "continue": token}, verb="list")
            except Expired as err:
                if not resume or err.continue_token in ("", token):
                    raise
                token = err.continue_token
                continue
            yield page
            token = page.get("metadata", {}).get("continue", "")
            if not token:
                return

    def server_version(self) -> str:
        """Return the version of the API server, such as v1.34.4."""
        version = Kind("Version", "version", namespaced=False)
        return str(self._json("GET", version, "/version").get("gitVersion") or "")

    def resources(self, group: str, version: str) -> Iterator[dict]:
        """Yield the APIResources (name, kind, namespaced) of a group version; none of an unknown one."""
        group_version = Kind("APIGroup", "", group, version, namespaced=False)
        try:
            found = self._json("GET", group_version, f"/apis/{group}/{version}")
        except KindNotFound:
            return
        yield from found.get("resources") or []

    def create(self, kind: Kind, body: dict, manager: str, dry_run: bool = False) -> dict:
        """Create the object. Raises AlreadyExists, also if an earlier attempt succeeded without an answer."""
        namespace = body["metadata"].get("namespace")
        return self._json("POST", kind, kind.collection_path(namespace), _write_query(manager, dry_run), body)

    def patch(self, kind: Kind, ref: ObjectRef, patch: dict, manager: str,
              dry_run: bool = False) -> dict:
        """Send a JSON merge patch and return the object.

        If the patch contains metadata.resourceVersion and the object has another one, raises WriteConflict.
        """
        return self._json("PATCH", kind, kind.path(ref), _write_query(manager, dry_run), patch, _MERGE_PATCH)

    def delete(self, kind: Kind, ref: ObjectRef, uid: str, dry_run: bool = False,
               grace: int | None = None, orphan: bool = False) -> bool:
        """Delete the object with that uid; return False if it does not exist.

        grace: seconds that replace the pod's own grace period. orphan: whether its dependents stay.
        """
        # The server ignores the query if there is a body: with dryRun there, the object would be deleted.
        body: dict = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid},
                      "propagationPolicy": "Orphan" if orphan else "Background",
                      "dryRun": ["All"] if dry_run else []}
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        return _unless_absent(lambda: self._json("DELETE", kind, kind.path(ref), body=body))

    def evict(self, ref: ObjectRef, uid: str) -> bool:
        """Evict the pod with that UID; return False if it does not exist, also if another has its name.

        Raises DisruptionForbidden if a PodDisruptionBudget forbids it. True: the pod is terminating or gone.
        """
        body = {"apiVersion": "policy/v1", "kind": EVICTION.kind,
                "metadata": {"name": ref.name, "namespace": ref.namespace},
                "deleteOptions": {"preconditions": {"uid": uid}}}
        try:
            return _unless_absent(
                lambda: self._json("POST", EVICTION, POD.path(ref) + "/eviction", body=body))
        except WriteConflict as err:
            if not _OTHER_UID.search(str(err)):
                raise
            return False

    def watch(self, kind: Kind, namespace: str | None, only: str, resource_version: str,
              timeout: float) -> Iterator[dict]:
        """Yield the events ({type, object}) of a namespace for at most timeout seconds.

        only: as for snapshot. Returns early if the server or the network closes the stream or fails, and
        raises Expired if the resource version is too old; after both, read and watch again.
        """
        query = {"watch": "true", "fieldSelector": _field_selector(only), "resourceVersion": resource_version,
                 "timeoutSeconds": max(1, int(timeout))}
        try:
            response = self.send(
                "GET", kind.collection_path(namespace), query, None, "", timeout + 1, stream=True)
            try:
                if response.status in TRANSIENT:
                    self._sleep(min(retry_after(response), timeout))
                    return
                raise_for_status(
                    self.configuration.host, response, "watch", kind, kind.collection_path(namespace))
                yield from events(response)
            finally:
                response.close()
        except HTTP_ERROR:
            return

    def _json(self, method: str, kind: Kind, path: str, query: dict | None = None, body: dict | None = None,
              content_type: str = "application/json", verb: str = "") -> dict:
        response, repeated = self.request(method, path, query or {}, body, content_type)
        raise_for_status(self.configuration.host, response, verb or _VERBS[method], kind, path, repeated)
        try:
            found = json.loads(response.data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ApiError(f"the API server at {self.configuration.host} answered {path} with "
                           f"invalid JSON: {response.data[:200]!r}")
        return found


def _items(kind: Kind, page: dict) -> Iterator[dict]:
    """Yield the objects of a page, with the kind and version that a list omits."""
    for item in page.get("items") or []:
        yield {"apiVersion": kind.api_version, "kind": kind.kind, **item}


def _field_selector(name: str) -> str:
    return "metadata.name=" + name if name else ""


def _unless_absent(request: Callable[[], object]) -> bool:
    """Send a request for one object; return False if it does not exist."""
    try:
        request()
    except ApiError as err:
        if err.status != 404:
            raise
        return False
    return True


def _write_query(manager: str, dry_run: bool) -> dict:
    return {"fieldManager": manager, "fieldValidation": "Strict", "dryRun": "All" if dry_run else ""}
