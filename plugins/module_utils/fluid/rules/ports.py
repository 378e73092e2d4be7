# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for the ports of a runtime's components. Pure.

Source: Fluid 1.0.8, pkg/ddc/alluxio/transform.go (allocatePorts, generateStaticPorts) and port_parser.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import InvalidInput
from ..manifest import whole_number

# The property of each component's port, by the name that Fluid gives to the port.
_PROPERTIES = {
    "master": {"rpc": "alluxio.master.rpc.port", "web": "alluxio.master.web.port",
               "embeddedJournal": "alluxio.master.embedded.journal.port"},
    "worker": {"rpc": "alluxio.worker.rpc.port", "web": "alluxio.worker.web.port"},
    "job_master": {"rpc": "alluxio.job.master.rpc.port", "web": "alluxio.job.master.web.port",
                   "embeddedJournal": "alluxio.job.master.embedded.journal.port"},
    "job_worker": {"rpc": "alluxio.job.worker.rpc.port", "web": "alluxio.job.worker.web.port",
                   "data": "alluxio.job.worker.data.port"},
    "api_gateway": {"web": "alluxio.proxy.web.port"},
}
_OPTIONS = {key: f"{component}.ports.{name}"
            for component, names in _PROPERTIES.items() for name, key in names.items()}
_OWNERS = ("master", "worker", "job_master", "job_worker", "fuse", "api_gateway")
_HOST, _CONTAINER = "HostNetwork", "ContainerNetwork"


def require_valid(params: dict) -> None:
    """Raise InvalidInput for ports that Fluid ignores, and for those that no node can give to all."""
    given = {**dict(_of_options(params)), **dict(_of_properties(params))}
    if given and not _on_host_network(params):
        option = next(iter(given))
        raise InvalidInput(
            f"{option} is {given[option]}, and with network_mode {_CONTAINER} Fluid uses fixed ports (19998 "
            f"for the masters' RPC): leave it out, or use network_mode {_HOST}")
    owners: dict[int, str] = {}
    for option, text in given.items():
        port = _require_port(option, text)
        if port in owners:
            raise InvalidInput(f"{option} is {port}, as {owners[port]} is: the components share the ports of "
                               "their node; give each its own")
        owners[port] = option


def given(params: dict) -> Iterator[tuple[str, str, object]]:
    """Yield component, option and number of each port that valid options set."""
    for option, port in (*_of_options(params), *_of_properties(params)):
        yield _OPTIONS.get(option.removeprefix("properties."), option).partition(".")[0], option, port


def _of_options(params: dict) -> Iterator[tuple[str, object]]:
    for component, names in _PROPERTIES.items():
        for name, port in ((params.get(component) or {}).get("ports") or {}).items():
            if name not in names:
                raise InvalidInput(f"{component}.ports has {name}, which Fluid does not know: expected "
                                   f"{', '.join(names)}")
            yield f"{component}.ports.{name}", port


def _of_properties(params: dict) -> Iterator[tuple[str, object]]:
    """Yield the ports that properties set; Fluid reads those of all components alone."""
    properties = params.get("properties") or {}
    for owner in _OWNERS:
        for key in (params.get(owner) or {}).get("properties") or {}:
            if key in _OPTIONS:
                raise InvalidInput(f"{owner}.properties sets {key}, of which Fluid does not learn: use "
                                   f"{_OPTIONS[key]}")
    for key in _OPTIONS.keys() & properties.keys():
        component, _ports, name = _OPTIONS[key].split(".")
        if name in ((params.get(component) or {}).get("ports") or {}):
            raise InvalidInput(f"{_OPTIONS[key]} and properties both set {key}: use {_OPTIONS[key]} alone")
        yield f"properties.{key}", properties[key]


def _require_port(option: str, value: object) -> int:
    port = whole_number(value)
    if port is None or not 0 < port < 65536:
        raise InvalidInput(f"{option} is {value!r}: expected a port between 1 and 65535")
    return port


def _on_host_network(params: dict) -> bool:
    """Return whether Fluid allocates ports: for masters or workers on the network of their node."""
    return any(((params.get(component) or {}).get("network_mode") or params["network_mode"]) == _HOST
               for component in ("master", "worker"))
