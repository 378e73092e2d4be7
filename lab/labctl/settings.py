# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, addresses and folders of the lab.

Everything that the lab leaves in the kernel (links, cgroups, firewall rules)
carries NAME, so that a later run recognises it as its own.
"""

import os
from pathlib import Path

NAME = "fluidlab"

LAB_DIR = Path(__file__).resolve().parent.parent
FLUID_VALUES = LAB_DIR / "fluid-values.yaml"

TIERS = ("api", "full")
MAX_NODES = 5
DEFAULT_NODES = 3

BRIDGE = NAME + "0"
SUBNET = "10.10.0.0/24"
HOST_ADDRESS = "10.10.0.1"
POD_SUBNET = "10.244.0.0/16"
SERVICE_SUBNET = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
CLUSTER_DOMAIN = "cluster.local"

API_PORT = 6443
DNS_PORT = 53
ORIGIN_PORT = 8090
S3_PORT = 8091
# etcd's usual 2379 and 2380 may belong to an etcd of the machine itself.
ETCD_CLIENT_PORT = 23790
ETCD_PEER_PORT = 23800

API_URL = f"https://{HOST_ADDRESS}:{API_PORT}"
ORIGIN_PATH = "apache/hbase/stable"
ORIGIN_URL = f"http://{HOST_ADDRESS}:{ORIGIN_PORT}/{ORIGIN_PATH}/"
S3_URL = f"http://{HOST_ADDRESS}:{S3_PORT}"
S3_BUCKET = "hbase"
S3_ACCESS_KEY, S3_SECRET_KEY = "LABADMIN", "lab-admin-secret"

FLUID_NAMESPACE = "fluid-system"

# One lab per machine, whatever state folder is set: the addresses are fixed.
LOCK_FILE = Path("/run/datacache-fluid-lab.lock")
# In /run, as kernel settings do not outlive a reboot either.
HOST_RECORD = Path("/run/datacache-fluid-lab.json")


def cache_dir() -> Path:
    """Folder of built artifacts; survives `lab down`."""
    if override := os.environ.get("FLUID_LAB_CACHE"):
        return Path(override)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "datacache-fluid-lab"


def state_dir() -> Path:
    """Folder of the running lab: keys, logs, etcd's data and the nodes' disks."""
    return Path(os.environ.get("FLUID_LAB_STATE") or "/var/lib/datacache-fluid-lab")


def log_dir() -> Path:
    return state_dir() / "log"


def kubeconfig() -> Path:
    """The administrator's kubeconfig."""
    return state_dir() / "kubeconfig"


def node_name(number: int) -> str:
    return f"node{number}"


def node_address(number: int) -> str:
    return f"10.10.0.{10 + number}"


def pod_subnet(number: int) -> str:
    """Addresses of the pods on one node."""
    return f"10.244.{number}.0/24"
