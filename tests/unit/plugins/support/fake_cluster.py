# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that lives in memory: the methods of client.Client over a dictionary of objects.

It keeps what the engine relies on: resource versions and the conflict they bring, UIDs, finalizers,
dry runs, merge patches, selectors on names, and a watch that starts at a version. Time is its own:
what is planned with `later` happens when a watch or a pause of the code under test gets that far.
"""

import itertools
import marshal
import re
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

from rfc7396 import apply_patch

from ansible_collections.datacache.fluid.plugins.module_utils.api.deadline import Clock, Deadline
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    AlreadyExists,
    ApiError,
    DisruptionForbidden,
    Expired,
    Forbidden,
    KindNotFound,
    PodUnreachable,
    ServerUnavailable,
    WriteConflict,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.pods import is_ready
from ansible_collections.datacache.fluid.plugins.module_utils.preflight.permissions import Access

# When the virtual clock is at zero.
BEGAN = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)
# What the client's own repetitions take before it gives up a server that does not answer.
RETRIES = 1.5


def copied(existing):
    """Return a copy of JSON. The unit tests make millions; copy.deepcopy takes ten times as long."""
    return marshal.loads(marshal.dumps(existing))


class FakeCluster:
    """Objects by kind, namespace and name. requests: the verbs and plurals that were asked for, in order.
    accesses: what an account needs for them.
    """

    configuration = SimpleNamespace(host="https://fake:6443")
    impersonates = False

    waited = 0.0

    def __init__(self):
        self.requests = []
        self.accesses = set()
        self.missing_kinds = set()
        self.forbidden = set()  # (verb, plural)
        self.logs = {}  # (pod, container) to text
        self.unreachable = set()  # pods from whose ports nothing comes
        self.budget_forbids = False  # whether a PodDisruptionBudget forbids every eviction
        self.web = {}  # (pod, port, path without its query) to what the pod answers
        self.oldest = 0  # the oldest resource version that a watch may start from
        self.began = BEGAN
        self.now = 0.0
        self.back = 0.0  # when the API server answers again
        self._objects = {}
        self._history = []  # (version, event type, key, object)
        self._versions = itertools.count(101)
        self._version = 100
        self._planned = []  # (time, action), by time
        self._before_write = []
        self._before_lease_write = []

    # -- what a test arranges and looks at --------------------------------------------------

    def put(self, kind, existing):
        """Store the object as another writer would, and return it as it is stored."""
        key = self._key(kind, existing["metadata"]["name"], existing["metadata"].get("namespace"))
        event = "MODIFIED" if key in self._objects else "ADDED"
        return self._store(key, event, {"apiVersion": kind.api_version, "kind": kind.kind, **existing})

    def change(self, kind, name, namespace, patch):
        """Change an object behind the engine's back, with a merge patch."""
        key = self._key(kind, name, namespace)
        return self._store(key, "MODIFIED", apply_patch(copied(self._objects[key]), patch))

    def vanish(self, kind, name, namespace):
        """Let an object be gone, as when its finalizers have been served."""
        key = self._key(kind, name, namespace)
        self._note("DELETED", key, self._objects.pop(key))

    def stored(self, kind, name, namespace=None):
        """The object as it is, or None."""
        return copied(self._objects.get(self._key(kind, name, namespace)))

    def later(self, seconds, action):
        """Plan an action for when the code under test has waited that long from now."""
        self._planned.append((self.now + seconds, action))
        self._planned.sort(key=lambda plan: plan[0])

    def go_down(self, seconds):
        """Answer nobody for that long from now, and break off watches."""
        self.back = self.now + seconds

    def before_write(self, *actions):
        """Do these, one before each of the next writes: what comes between a read and a write. Writes of the
        Lease do not count.
        """
        self._before_write += actions

    def before_lease_write(self, *actions):
        """Do these, one before each of the next writes of a Lease."""
        self._before_lease_write += actions

    def writes(self):
        """The requests that were not reads, without those of the Lease, which change nothing of a cache."""
        return [request for request in self.requests if request[0] not in ("get", "list", "watch", "log")
                and request[1] != "leases"]

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self._pass(self.now + seconds)

    def utc_now(self):
        return self.began + timedelta(seconds=self.now)

    def server_time(self):
        """By the API server's clock, which is right whatever utc_now is replaced by."""
        return self.began + timedelta(seconds=self.now)

    def deadline(self, seconds, report_progress=lambda _text: None, utc_now=None):
        """A deadline on the clock of this cluster."""
        return Deadline(seconds, report_progress, self.virtual_clock(utc_now))

    def virtual_clock(self, utc_now=None):
        def own_utc_now():
            return self.utc_now()  # looked up at each call: a test may replace it later
        return Clock(self.clock, self.sleep, utc_now or own_utc_now)

    # -- client.Client ----------------------------------------------------------------------

    def before_command(self):
        """Nothing forbids a command."""

    def until_answered(self, call):
        return call()

    def once(self, _also=None, attempts=1):
        return self

    def checked(self, _before_repeat):
        return self

    def get(self, kind, ref):
        self._ask("get", kind, ref.namespace)
        return self.stored(kind, ref.name, ref.namespace)

    def list(self, kind, namespace=None, label_selector="", field_selector="", limit=500):
        self._ask("list", kind, namespace)
        yield from copied(list(self._select(kind, namespace, label_selector, field_selector)))

    def snapshot(self, kind, namespace, only=""):
        self._ask("list", kind, namespace)
        found = self._select(kind, namespace, "", "metadata.name=" + only if only else "")
        return {existing["metadata"]["name"]: copied(existing) for existing in found}, str(
            self._version)

    def resources(self, group, version):
        """Fluid's kinds are known unless a test has them missing."""
        self._ask("get", kinds.Kind("APIGroup", group))
        return [{"name": kind.plural, "kind": kind.kind, "namespaced": kind.namespaced}
                for kind in (fluid_kinds.DATASET, *fluid_kinds.RUNTIMES)
                if kind.group == group and kind.version == version and kind not in self.missing_kinds]

    def server_version(self):
        self._ask("get", kinds.Kind("Version", "version"))
        return "v1.34.4"

    def create(self, kind, body, manager, dry_run=False):
        self._ask("create", kind, body["metadata"].get("namespace"), write=True)
        key = self._key(kind, body["metadata"]["name"], body["metadata"].get("namespace"))
        if key in self._objects:
            raise AlreadyExists(f"{body['metadata']['name']} exists", 409)
        made = copied(body)
        made["metadata"].update(uid=f"uid-{next(self._versions)}", creationTimestamp="2026-11-23T11:05:42Z")
        if kind.kind == "Service":
            made["spec"].setdefault("clusterIP", "10.96.1.1")
        return made if dry_run else self._store(key, "ADDED", made)

    def patch(self, kind, ref, patch, manager, dry_run=False):
        name, namespace = ref.name, ref.namespace
        self._ask("patch", kind, namespace, write=True)
        key = self._key(kind, name, namespace)
        if key not in self._objects:
            raise ApiError(f"{name} not found", 404)
        existing = copied(self._objects[key])
        if patch["metadata"].get("resourceVersion") not in (None, existing["metadata"]["resourceVersion"]):
            raise WriteConflict(f"{name} was modified", 409)
        held = existing["metadata"].get("finalizers") and existing["metadata"].get("deletionTimestamp")
        after = apply_patch(existing, patch)
        if dry_run:
            return after
        if held and not after["metadata"].get("finalizers"):
            self._note("DELETED", key, self._objects.pop(key))
            return after
        return self._store(key, "MODIFIED", after)

    def delete(self, kind, ref, uid, dry_run=False, grace=None, orphan=False):
        name, namespace = ref.name, ref.namespace
        self._ask("delete", kind, namespace, write=True)
        key = self._key(kind, name, namespace)
        if key not in self._objects:
            return False
        if self._objects[key]["metadata"]["uid"] != uid:
            raise WriteConflict(f"{name} has another UID", 409)
        if dry_run:
            return True
        if self._objects[key]["metadata"].get("finalizers"):
            self.change(kind, name, namespace, {"metadata": {"deletionTimestamp": "2026-11-23T12:00:00Z"}})
        else:
            self._note("DELETED", key, self._objects.pop(key))
        return True

    def evict(self, ref, uid):
        """Asks for the eviction, then deletes as `delete` does: a test that replaces `delete` sees it."""
        self._ask("create", kinds.EVICTION, ref.namespace)
        pod = self._objects.get(self._key(kinds.POD, ref.name, ref.namespace))
        if pod is None or pod["metadata"]["uid"] != uid:
            return False
        if self.budget_forbids or self._below_budget(pod):
            raise DisruptionForbidden(
                "Cannot evict pod as it would violate the pod's disruption budget.", 429)
        return self.delete(kinds.POD, ref, uid)

    def watch(self, kind, namespace, only, resource_version, timeout):
        self._ask("watch", kind, namespace)
        if int(resource_version) < self.oldest:
            raise Expired("too old resource version", 410)
        seen, deadline = int(resource_version), self.now + timeout
        while True:
            for version, event, key, existing in list(self._history):
                if version > seen and self._matches(key, kind, namespace, only):
                    yield {"type": event, "object": copied(existing)}
            seen = self._version
            if not self._planned or self._planned[0][0] > deadline:
                self.now = deadline
                return
            self._pass(self._planned[0][0])
            if self.now < self.back:
                return

    def log(self, pod, container, tail_lines, previous=False, timestamps=False):
        self.requests.append(("log", "pods"))
        self.accesses.add(Access("", "pods/log", "get", pod.namespace))
        if ("get", "pods/log") in self.forbidden:
            raise Forbidden(f"log of {pod.name}/{container}: HTTP 403; it needs get on pods/log", 403)
        if timestamps and (pod.name, container, previous) in self.logs:
            return self.logs[pod.name, container, previous]
        if (pod.name, container) not in self.logs:
            raise ApiError(f"log of {pod.name}/{container}: HTTP 400", 400)  # its container is being created
        return self.logs[pod.name, container]

    def proxied(self, pod, port, path, timeout):
        self.requests.append(("get", "pods/proxy"))
        self.accesses.add(Access("", "pods/proxy", "get", pod.namespace))
        if ("get", "pods/proxy") in self.forbidden:
            raise Forbidden("not allowed to get pods/proxy", 403)
        if pod.name in self.unreachable:
            raise PodUnreachable(f"pod {pod.name} did not answer within {timeout:g} s")
        answer = self.web.get((pod.name, port, path.partition("?")[0]))
        return None if answer is None else answer.encode()

    def refuses(self, pod, port, timeout):
        self.proxied(pod, port, "/", timeout)
        return all((pod.name, port) != (name, open_port) for name, open_port, _path in self.web)

    # -- inside -----------------------------------------------------------------------------

    def _ask(self, verb, kind, namespace=None, write=False):
        self.requests.append((verb, kind.plural))
        self.accesses.add(Access(kind.group, kind.plural, verb, namespace if kind.namespaced else None))
        if self.now < self.back:
            self._pass(self.now + RETRIES)
            raise ServerUnavailable("no API server answers")
        if kind in self.missing_kinds:
            raise KindNotFound(f"the cluster does not know the kind {kind.kind}", 404)
        if (verb, kind.plural) in self.forbidden:
            raise Forbidden(f"not allowed to {verb} {kind.resource}", 403)
        planned = self._before_lease_write if kind == kinds.LEASE else self._before_write
        if write and planned:
            planned.pop(0)()

    def _below_budget(self, pod):
        """Whether a budget of its namespace that selects a ready pod needs it: maxUnavailable 1 alone is
        known, and the expected number is the replicas of the StatefulSet that owns the pods, if it is stored.
        """
        namespace, labels = pod["metadata"]["namespace"], pod["metadata"].get("labels") or {}
        for budget in self._select(kinds.POD_DISRUPTION_BUDGET, namespace, "", ""):
            selector = budget["spec"]["selector"]["matchLabels"]
            if is_ready(pod) and selector.items() <= labels.items():
                pods = list(self._select(
                    kinds.POD, namespace, ",".join(f"{key}={value}" for key, value in selector.items()), ""))
                owner = self.stored(kinds.STATEFUL_SET, pod["metadata"]["name"].rpartition("-")[0], namespace)
                expected = owner["spec"].get("replicas", len(pods)) if owner else len(pods)
                if sum(map(is_ready, pods)) < expected:
                    return True
        return False

    @staticmethod
    def _key(kind, name, namespace):
        return kind, namespace if kind.namespaced else None, name

    def _store(self, key, event, existing):
        self._note(event, key, existing)
        existing["metadata"].setdefault("uid", f"uid-{self._version}")
        existing["metadata"]["resourceVersion"] = str(self._version)
        self._objects[key] = existing
        return copied(existing)

    def _note(self, event, key, existing):
        self._version = next(self._versions)
        self._history.append((self._version, event, key, existing))

    def _pass(self, until):
        while self._planned and self._planned[0][0] <= until:
            self.now, action = self._planned.pop(0)
            action()
        self.now = max(self.now, until)

    def _select(self, kind, namespace, label_selector, field_selector):
        terms = [term for term in re.split(r",(?![^(]*\))", label_selector) if term]
        unequal = [term.split("!=") for term in terms if "!=" in term]
        labels = dict(term.split("=") for term in terms if "=" in term and "!=" not in term)
        sets = [term.split(" in ") for term in terms if " in " in term]
        keys = {term for term in terms if "=" not in term and " in " not in term}
        fields = dict(term.split("=") for term in field_selector.split(",") if term)
        found = [(key[2], existing) for key, existing in self._objects.items()
                 if key[0].plural == kind.plural and key[0] == kind and namespace in (None, key[1])]
        for name, existing in sorted(found, key=lambda item: item[0]):
            own = existing["metadata"].get("labels") or {}
            if (labels.items() <= own.items() and fields.get("metadata.name", name) == name
                    and fields.get("type", existing.get("type")) == existing.get("type")
                    and keys <= own.keys() and all(own.get(key) != value for key, value in unequal)
                    and all(own.get(key) in re.findall(r"[\w.-]+", values) for key, values in sets)):
                yield existing

    @staticmethod
    def _matches(key, kind, namespace, only):
        return key[0] == kind and namespace in (None, key[1]) and only in ("", key[2])
