# SPDX-License-Identifier: GPL-3.0-or-later
"""When a restarted follower has the whole journal again. Pure.

A follower answers, and so is AVAILABLE, before it has what it lacks: its journal is on an emptyDir, and it starts with none. Another
master must not be restarted before that, since what was agreed on would then be in one place alone.
"""

from __future__ import annotations

from ..alluxio.raft import AVAILABLE, Peer

# A leader counts an entry as sent before it is answered. Two more answers without a step back mean that the follower has it: one
# that lacks the entry before the one it is sent says so, and the leader goes back.
_ANSWERS = 2
_APART = 0.15  # seconds; two looks at the same answer differ by less


class CatchUp:
    """Follows one peer by what its leader tells, look by look."""

    def __init__(self) -> None:
        self._heard: float | None = None
        self._answers = 0

    def done(self, peer: Peer | None, now: float) -> bool:
        """Take another look, at the time now in seconds; tell whether the peer has everything. peer: None when it is no member."""
        if peer is None or peer.state != AVAILABLE or (peer.behind or 0) > 0:
            self._heard, self._answers = None, 0
            return False
        if peer.leader or peer.behind is None or peer.silent is None:
            return True  # a leader has everything; what is not told cannot be waited for
        if self._heard is None:
            self._heard = now
        elif now - peer.silent > self._heard + _APART:
            self._heard = now - peer.silent
            self._answers += 1
        return self._answers >= _ANSWERS
