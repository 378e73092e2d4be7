# SPDX-License-Identifier: GPL-3.0-or-later
"""Rolls Fluid's Helm release back to the revision that it had before an upgrade. IO: processes, files.

Resource definitions stay as they are: Helm never changes those of a chart's folder crds.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..api.client import Client
from ..errors import ApiError, InvalidInput, PreconditionFailed
from ..k8s.names import require_namespace
from ..progress import Reporter
from . import helm

# The variables of helm for the connection options (Helm: pkg/cli/environment.go).
_VARIABLES = {"context": "HELM_KUBECONTEXT", "host": "HELM_KUBEAPISERVER", "api_key": "HELM_KUBETOKEN",
              "ca_cert": "HELM_KUBECAFILE"}
# Of the history: enough to see the newest revision.
_REVISIONS = "5"


def require_valid(params: dict) -> None:
    """Raise InvalidInput for invalid options."""
    require_namespace(params["release_namespace"])
    if params["revision"] < 1:
        raise InvalidInput(f"revision is {params['revision']}: expected at least 1")


def ensure(_client: Client, params: dict, check_mode: bool, _reporter: Reporter) -> dict:
    """Roll the release back unless it is at the revision, and return the module's result.

    Raises PreconditionFailed without that release, and ApiError if helm fails.
    """
    binary, revision = helm.find(params["binary_path"]), params["revision"]
    release = [params["release_name"], "--namespace", params["release_namespace"]]
    with _environment(params) as environment:
        def run(*args: str) -> str:
            return helm.run(binary, *args, environment=environment, seconds=params["wait_timeout"],
                            error=ApiError)

        newest = _newest(run("history", *release, "--max", _REVISIONS, "--output", "json"))
        if newest["revision"] < revision:
            raise PreconditionFailed(
                f"Helm release {release[0]} in namespace {release[2]} is at revision {newest['revision']}, "
                f"expected {revision} or a later one: set revision to one of `helm history {release[0]} "
                f"-n {release[2]}`")
        needed = not is_at(newest, revision)
        if needed and not check_mode:
            run("rollback", release[0], str(revision), *release[1:],
                "--timeout", f"{params['wait_timeout']}s")
    return {"changed": needed, "revision_before": newest["revision"], "status_before": newest["status"]}


def is_at(newest: Mapping[str, Any], revision: int) -> bool:
    """Return whether the newest revision is that one, or a completed rollback to it.

    newest: an entry of `helm history`; a rollback is a revision of its own (Helm: pkg/action/rollback.go).
    """
    same = newest["revision"] == revision or newest.get("description") == f"Rollback to {revision}"
    return same and newest["status"] == "deployed"


def variables(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables of helm for the connection options, as kubernetes.core.helm sets them."""
    found = {name: params[option] for option, name in _VARIABLES.items() if params.get(option)}
    if params.get("validate_certs") is False:
        found["HELM_KUBEINSECURE_SKIP_TLS_VERIFY"] = "true"
    if isinstance(params.get("kubeconfig"), str) and params["kubeconfig"]:
        found["KUBECONFIG"] = os.path.expanduser(params["kubeconfig"])
    return found


@contextmanager
def _environment(params: dict) -> Iterator[dict[str, str]]:
    """Yield the variables of helm; a kubeconfig that is a dictionary is a private file meanwhile."""
    if not isinstance(params.get("kubeconfig"), dict):
        yield variables(params)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "kubeconfig")
        file.touch(0o600)
        file.write_text(json.dumps(params["kubeconfig"]), encoding="utf-8")
        yield {**variables(params), "KUBECONFIG": str(file)}


def _newest(history: str) -> dict[str, Any]:
    try:
        return max(json.loads(history), key=lambda each: each["revision"])
    except (ValueError, KeyError, TypeError) as err:
        raise ApiError(f"could not read the output of `helm history`: {history[:200]!r}") from err
