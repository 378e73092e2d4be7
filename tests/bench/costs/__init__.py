# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark: what the modules cost, beside kubernetes.core, kubectl and raw requests on the same cluster.

content.py     the objects, as options of our modules and as manifests for the others
cluster.py     the API server, asked raw: arranges and clears objects, replays requests
tasks.py       the measured tasks
counting.py    a transparent proxy that counts the requests of whoever speaks through it
playing.py     runs Ansible tasks and returns the seconds that Ansible saw for each
interpreter.py a Python for Ansible that notes the peak memory of each module
report.py      figures with their targets, as a table and as JSON
session.py     what all measures share: the cluster, its proxy, a namespace of their own
single.py, fleet.py, listing.py, waiting.py, deploying.py   the measures
"""
