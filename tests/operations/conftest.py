# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests on the lab share. KUBECONFIG is an administrator's; `make jobs` sets it."""

import base64
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from cluster_accounts import CHECKOUT, kubectl, token_of_account, token_of_administrator

_OWN = """
fluid_network_mode: ContainerNetwork
fluid_properties: {alluxio.fuse.special.command.enabled: "true"}
"""


@pytest.fixture(scope="session")
def address(tmp_path_factory) -> dict[str, str]:
    """The variables of AWX's credential that name the cluster."""
    [cluster] = yaml.safe_load(kubectl("config", "view", "--minify", "--raw", "--output", "yaml"))["clusters"]
    certificate = tmp_path_factory.mktemp("cluster") / "ca.crt"
    certificate.write_bytes(base64.b64decode(cluster["cluster"]["certificate-authority-data"]))
    return {"K8S_AUTH_HOST": cluster["cluster"]["server"], "K8S_AUTH_SSL_CA_CERT": str(certificate)}


@pytest.fixture(scope="session")
def credential(address) -> Callable[[str], dict[str, str]]:
    """Return the variables of AWX's credential for an account of a level of trust, or for `admin`."""
    made: dict[str, dict[str, str]] = {}

    def of(trust: str) -> dict[str, str]:
        if trust not in made:
            token = token_of_administrator() if trust == "admin" else token_of_account(trust)
            made[trust] = {**address, "K8S_AUTH_API_KEY": token}
        return made[trust]

    return of


@pytest.fixture(scope="session")
def variables(tmp_path_factory) -> Path:
    """The lab's variables, and what makes the jobs possible and short there.

    Five masters fit on its three nodes by the network of containers. FUSE pods forget cached metadata when
    they are asked to, instead of after ten minutes.
    """
    path = tmp_path_factory.mktemp("variables") / "lab.yml"
    path.write_text((CHECKOUT / "tests" / "tools" / "lab.yml").read_text() + _OWN)
    return path


@pytest.fixture(scope="session")
def job(credential, variables) -> Callable[..., tuple[dict, str]]:
    """Run a job template as AWX does; return its result and its output."""

    def run(trust: str, template: str, *answers: str) -> tuple[dict, str]:
        environ = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
        done = subprocess.run(
            ["python", CHECKOUT / "tests" / "tools" / "awx_job.py", "--vars", variables, template,
             *answers],
            env=environ | credential(trust), capture_output=True, text=True, check=False, timeout=900)
        output = done.stdout + done.stderr
        print(output)  # pytest shows it with a failure
        return json.loads(done.stdout.splitlines()[-1]), output

    return run
