# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may read a backup, which holds the credentials of mounts."""

from restorations import CLAIM, LATEST, MASTERS


def test_a_backup_on_the_claim_is_for_its_owner_alone(cache, run, time):
    run("alluxio_backup", **CLAIM)
    modes = {each.name: oct(each.stat().st_mode & 0o777) for each in cache.claim.rglob("*") if each.is_file()}
    assert all(int(mode, 8) & 0o077 == 0 for mode in modes.values()), modes
    assert (cache.claim / "alluxio").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_exists_keeps_its_mode(cache, run, time):
    (cache.claim / "alluxio").mkdir(mode=0o755)
    run("alluxio_backup", **CLAIM)
    assert (cache.claim / "alluxio").stat().st_mode & 0o777 == 0o755


def test_a_backup_in_a_master_is_for_its_owner_alone(cache, run, saved, tmp_path):
    run("alluxio_restore", **LATEST)
    files = [tmp_path / name / "datacache-restore" / "backup.gz" for name in MASTERS]
    assert [each.stat().st_mode & 0o777 for each in files] == [0o600] * 3
