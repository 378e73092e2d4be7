# SPDX-License-Identifier: GPL-3.0-or-later
"""Shell scripts for containers that outlive neither their timeout nor a silent connection. Pure."""

from __future__ import annotations

import math
import shlex

# Seconds. A proxy or load balancer between the client and the API server closes a stream that is silent,
# often after 60.
_BEAT_EVERY = 20
_BEAT = "datacache.fluid: still running"
# Seconds from SIGTERM to SIGKILL.
_KILL_AFTER = 10


def bounded(script: str, shell: str, seconds: float) -> str:
    """Return a script that runs the given one with its arguments and ends it after some seconds.

    A process in a container does not end with the stream of its client. The script prints a line to standard
    error while it runs; without_beats() removes these lines. It needs `timeout` of coreutils.
    """
    limit = math.ceil(seconds)
    return f"""\
while sleep {_BEAT_EVERY} >/dev/null 2>&1; do echo '{_BEAT}' >&2; done &
beat=$!
timeout -k {_KILL_AFTER} {limit} {shell} -c {shlex.quote(script)} "$0" "$@"
code=$?
kill "$beat" 2>/dev/null
[ "$code" -ne 124 ] || echo 'it was ended after {limit} s' >&2
exit "$code"
"""


def without_beats(text: str) -> str:
    """Return the standard error of a bounded script without the lines of bounded()."""
    return "".join(line for line in text.splitlines(keepends=True) if line.strip() != _BEAT)
