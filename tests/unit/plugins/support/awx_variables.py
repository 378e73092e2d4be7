# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of playbooks/awx.yml in tests, and in what tests/tools/record_awx.py records."""

TOKEN = "token-of-the-account"
CA = "-----BEGIN CERTIFICATE-----"
WEBHOOK = "https://chat.example.com/hooks/secret-of-the-hook"
GIVEN = {
    "fluid_awx_project_url": "https://git.example.com/caches.git", "fluid_awx_image": "registry/ee:1",
    "fluid_awx_cluster_host": "https://cluster:6443", "fluid_awx_cluster_token": TOKEN,
    "fluid_awx_cluster_ca": CA, "fluid_awx_webhook_url": WEBHOOK,
    "fluid_awx_instance_group": "caches",
}
