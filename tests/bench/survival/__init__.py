# SPDX-License-Identifier: GPL-3.0-or-later
"""What masters in a Raft quorum survive, as figures.

cache.py       small caches in a namespace of their own, and how a row looks at one and waits for it
watch.py       a record of a quorum over time, taken while something else happens
reader.py      the reading application of the role drill
interrupting.py  a playbook that is killed in its middle
lab.py         ends, cuts and brings back the lab's nodes
kills.py, restarts.py, nodes.py, changes.py, together.py   the rows: from a cache to its figures
journals.py    rows too: masters that lose their journals, or keep them on claims
rows.py        the table of the rows, and which cache each one needs
"""
