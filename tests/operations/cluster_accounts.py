# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts of docs/permissions.md on the cluster of KUBECONFIG, which is an administrator's."""

import re
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
NAMESPACE, FLUID, ACCOUNTS = "default", "fluid-system", "datacache-automation"
_RECIPE = re.compile(r"```sh\n(trust=.*?)```", re.DOTALL)


def kubectl(*arguments: str, **options) -> str:
    return subprocess.run(["kubectl", *arguments], check=True, capture_output=True, text=True,
                          **options).stdout


def token_of_account(trust: str) -> str:
    """Make the account of a level of trust, such as operate, and return its token."""
    done = subprocess.run(["bash", "-c", _recipe(trust)], cwd=CHECKOUT, check=True, capture_output=True,
                          text=True)
    return done.stdout.splitlines()[-1]


def token_of_administrator() -> str:
    """Installing the chart is cluster-admin in effect, so the account that installs is one."""
    subprocess.run(["bash", "-c", f"""set -e
        kubectl get namespace {ACCOUNTS} || kubectl create namespace {ACCOUNTS}
        kubectl --namespace {ACCOUNTS} create serviceaccount admin
        kubectl create clusterrolebinding {ACCOUNTS}-admin --clusterrole cluster-admin \
          --serviceaccount {ACCOUNTS}:admin"""], check=True, capture_output=True)
    return kubectl("--namespace", ACCOUNTS, "create", "token", "admin", "--duration", "6h").strip()


def _recipe(trust: str) -> str:
    """The commands of docs/permissions.md that make an account and print its token, in the lab's names."""
    [commands] = _RECIPE.findall((CHECKOUT / "docs" / "permissions.md").read_text())
    _first, _newline, rest = commands.partition("\n")
    # The namespace of the accounts serves more than one account.
    again = rest.replace("kubectl create namespace $account",
                         "kubectl get namespace $account || kubectl create namespace $account")
    return f"set -e\ntrust={trust} space={NAMESPACE} fluid={FLUID} account={ACCOUNTS}\n{again}"
