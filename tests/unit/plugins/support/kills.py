# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed at any of their requests. EVERY_REQUEST=1 leaves none out."""

import os

from fake_masters import Killed

EVERY_REQUEST = os.environ.get("EVERY_REQUEST", "") not in ("", "0")


def kill_at_each_request(make, run, then, stride=lambda _request: 1):
    """Kill run(one) after one of its requests, each time a later one, until it survives; return the number of
    that request.

    make: returns what the run acts on, with a method kill_at. then(one, request, survived): looks at what is
    left. stride: the requests between a kill and the next one, unless every one is asked for.
    """
    request, survived = 0, False
    while not survived:
        request += 1 if EVERY_REQUEST else stride(request)
        one = make()
        one.kill_at(request)
        try:
            run(one)
            survived = True
        except Killed:
            pass
        one.kill_at(None)
        then(one, request, survived)
    return request
