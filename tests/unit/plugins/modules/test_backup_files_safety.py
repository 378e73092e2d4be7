# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may read a backup, which holds the credentials of mounts."""

import pytest
from restorations import CLAIM


@pytest.mark.xfail(strict=True, raises=AssertionError)
def test_a_backup_on_the_claim_is_for_its_owner_alone(cache, run, time):
    run("alluxio_backup", **CLAIM)
    modes = {each.name: oct(each.stat().st_mode & 0o777) for each in cache.claim.rglob("*") if each.is_file()}
    assert all(int(mode, 8) & 0o077 == 0 for mode in modes.values()), modes
