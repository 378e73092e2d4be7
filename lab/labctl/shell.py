# SPDX-License-Identifier: GPL-3.0-or-later
"""Short external commands that are expected to succeed."""

import subprocess
from collections.abc import Mapping, Sequence

from labctl.errors import LabError


def run(command: Sequence[object], *, stdin: str | None = None,
        env: Mapping[str, str] | None = None, timeout: float = 120) -> str:
    """Run a command and return its standard output.

    LabError carries the command and the last lines it printed.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, input=stdin, env=env, timeout=timeout,
                              capture_output=True, text=True, check=False)
    except FileNotFoundError as err:
        raise LabError(f"`{words[0]}` is not installed: expected it on PATH") from err
    except subprocess.TimeoutExpired as err:
        raise LabError(f"`{' '.join(words)}` did not end within {timeout:.0f} s") from err
    if done.returncode != 0:
        raise LabError(f"`{' '.join(words)}` failed with exit code {done.returncode}:\n"
                       + last_lines(done.stderr or done.stdout))
    return done.stdout


def last_lines(text: str, count: int = 10) -> str:
    """The end of a log, indented for use inside an error message."""
    return "\n".join("    " + line for line in text.rstrip().splitlines()[-count:])
