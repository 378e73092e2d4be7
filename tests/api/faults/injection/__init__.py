# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy that injects faults between the modules and a real API server, and a deploy to send through it.

authority.py   the throwaway certificate authority that the proxy's TLS stands on
upstream.py    the real API server, as the proxy asks it
exchange.py    one request, and the ways to deal with it
proxy.py       the proxy: counts requests, passes them on, and lets a fault have its way with some
faults.py      the faults, each with the requests that it fits
modules.py     runs a module in this process
deploy.py      the deploy: steps that each run one module, and what is compared of them
"""
