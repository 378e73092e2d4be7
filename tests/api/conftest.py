# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module tests on a real API server share. KUBECONFIG names the cluster; `make api-test` sets it."""

import json
import os
import uuid
from importlib import import_module

import pytest
from ansible.module_utils.basic import AnsibleModule
from fluid_stand_in import FluidStandIn
from module_arguments import patch_module_args
from raw_api import FLUID, RawApi

from ansible_collections.datacache.fluid.plugins.module_utils.api import client, transport

MODULES = "ansible_collections.datacache.fluid.plugins.modules."
CONTROLLERS = "/apis/apps/v1/namespaces/fluid-system/deployments"


@pytest.fixture(scope="session")
def kubeconfig() -> str:
    return os.environ["KUBECONFIG"]


@pytest.fixture(scope="session")
def api(kubeconfig) -> RawApi:
    return RawApi(kubeconfig)


@pytest.fixture
def namespace(api):
    """A namespace of the test's own; it goes with all that is in it, also after a failure."""
    name = "api-test-" + uuid.uuid4().hex[:8]
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    for plural in ("datasets", "alluxioruntimes"):
        for existing in api.request("GET", f"{FLUID}/namespaces/{name}/{plural}")["items"]:
            if existing["metadata"].get("finalizers"):
                api.patch(
                    f"{FLUID}/namespaces/{name}/{plural}/{existing['metadata']['name']}",
                    {"metadata": {"finalizers": None}})
    for existing in api.request("GET", "/api/v1/persistentvolumes")["items"]:
        if (existing["spec"].get("claimRef") or {}).get("namespace") == name:
            api.delete("/api/v1/persistentvolumes/" + existing["metadata"]["name"])
    api.delete("/api/v1/namespaces/" + name)


@pytest.fixture(scope="session")
def fluid_runs(api) -> bool:
    """Whether Fluid's own controllers work on this cluster, as they do on the lab's full tier."""
    found = (api.get(CONTROLLERS) or {"items": []})["items"]
    return any(each["status"].get("readyReplicas") for each in found)


@pytest.fixture
def fluid(api, namespace, fluid_runs):
    """A stand-in for Fluid's controllers, for clusters where they do not run."""
    if fluid_runs:
        pytest.skip("Fluid's own controllers run here and would write against their stand-in")
    stand_in = FluidStandIn(api, namespace)
    yield stand_in
    stand_in.join()


@pytest.fixture
def sent(monkeypatch):
    """The requests that modules send, as (method, path and query), in order."""
    requests = []
    send = transport.Transport.send

    def noted(self, method, path, query, *rest, **more):
        requests.append((method, path))
        return send(self, method, path, query, *rest, **more)
    monkeypatch.setattr(transport.Transport, "send", noted)
    return requests


@pytest.fixture
def between(monkeypatch):
    """Let something happen between a module's read and its next write."""
    def plan(*actions):
        planned = list(actions)
        patch = client.Client.patch

        def after_the_action(*args, **more):
            if planned:
                planned.pop(0)()
            return patch(*args, **more)
        monkeypatch.setattr(client.Client, "patch", after_the_action)
    return plan


@pytest.fixture
def run(kubeconfig, namespace, monkeypatch, capsys):
    """Run a module in this process and return its result, with the text of its warnings under `warnings`.

    It connects by the kubeconfig and works in the test's namespace, unless its options say otherwise;
    one that is None is not given at all.
    A process of its own would cost each run half a second; test_playbook.py has some that do.
    """
    warnings = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, text: warnings.append(text))

    def run_module(plugin, /, check=False, **options):
        warnings.clear()
        capsys.readouterr()
        own = {} if "host" in options else {"kubeconfig": kubeconfig}
        given = {key: value for key, value in {"namespace": namespace, **own, **options}.items()
                 if value is not None}
        with patch_module_args({**given, "_ansible_check_mode": check,
                                "_ansible_diff": True}), pytest.raises(SystemExit) as ended:
            import_module(MODULES + plugin).main()
        result = json.loads(capsys.readouterr().out)
        assert ended.value.code == (1 if result.get("failed") else 0)
        return {**result, "warnings": list(warnings)}
    return run_module


@pytest.fixture
def succeed(run):
    """Run a module that must not fail."""
    def run_module(plugin, /, **options):
        result = run(plugin, **options)
        assert not result.get("failed"), result["msg"]
        return result
    return run_module


@pytest.fixture
def fail(run):
    """Run a module that must fail, and return its result."""
    def run_module(plugin, /, **options):
        result = run(plugin, **options)
        assert result.get("failed"), result
        return result
    return run_module


@pytest.fixture
def existing(api, namespace):
    """Read an object back, past the modules."""
    def read(plural, name="hbase"):
        return api.get(f"{FLUID}/namespaces/{namespace}/{plural}/{name}")
    return read
