# SPDX-License-Identifier: GPL-3.0-or-later
"""What two runs of a module are compared by."""

# What the server alone decides, anew with each write.
SERVERS_OWN = ("uid", "resourceVersion", "creationTimestamp", "generation")


def outcome(result):
    """What check mode promises: everything but what the server alone decides."""
    metadata = result["result"].get("metadata", {})
    shown = {**result["result"],
             "metadata": {key: value for key, value in metadata.items() if key not in SERVERS_OWN}}
    return {"changed": result["changed"], "diff": result["diff"], "warnings": result.get("warnings"),
            "result": shown}
