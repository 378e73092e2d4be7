#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python for ansible_python_interpreter that notes the peak resident memory of what it runs.

Its wrapper script, see playing.py, names the real interpreter and the file that gets a line, in KiB, for each
run.
"""

import os
import sys


def main() -> int:
    python, peaks, *arguments = sys.argv[1:]
    process = os.posix_spawn(python, [python, *arguments], os.environ)
    _process, status, usage = os.wait4(process, 0)
    with open(peaks, "a", encoding="ascii") as file:
        file.write(f"{usage.ru_maxrss}\n")
    return os.waitstatus_to_exitcode(status)


sys.exit(main())
