# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipe for the folder that goes on PATH."""

import os

from .job import Job


def path_folder(job: Job, programs: dict[str, str]) -> None:
    """Recipe: links to programs, each as "part/path in the part"."""
    for name, target in programs.items():
        part, _, path = target.partition("/")
        # Relative to the finished folder, which stands beside the parts; the cache may move as a whole.
        (job.out / name).symlink_to(os.path.join("..", job.needs[part].name, path))
