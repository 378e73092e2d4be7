# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for the owner of a Dataset and the user of a runtime. Pure.

Source: Fluid 1.0.8, pkg/utils/init_user.go, which joins the fields with colons, and
charts/alluxio/docker/init-users/init_users.sh, which runs `eval useradd ...` with them in the pods.
"""

from __future__ import annotations

import re

from ...errors import InvalidInput

_NAME = re.compile(r"[A-Za-z0-9_][-A-Za-z0-9_.]{0,31}\Z", re.ASCII)
# The largest ID that Kubernetes accepts (k8s.io/apimachinery, pkg/util/validation, IsValidUserID).
_LARGEST = 2**31 - 1


def require_valid(option: str, user: dict | None) -> None:
    """Raise InvalidInput for names that a shell in the pods would split or execute, and for invalid IDs."""
    for field in ("user", "group"):
        if user and not _NAME.match(user[field]):
            raise InvalidInput(f"{option}.{field} is {user[field]!r}: expected at most 32 letters, digits, "
                               "'_', '-' and '.', as Fluid passes it to a shell in the pods")
    require_ids(option, user)


def require_ids(option: str, user: dict | None) -> None:
    """Raise InvalidInput for IDs that no user or group of a pod can have."""
    for field in ("uid", "gid"):
        if user and not 0 <= user[field] <= _LARGEST:
            raise InvalidInput(f"{option}.{field} is {user[field]}: expected an ID from 0 to {_LARGEST}")
