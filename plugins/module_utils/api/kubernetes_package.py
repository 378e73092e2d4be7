# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubernetes package's configuration, authentication and connection, without its models. IO: imports.

`import kubernetes` takes as long as the rest of a module's work on an unchanged object: the package's
__init__ modules import the models of all kinds. This collection needs only a few modules of it. While these
are imported, sys.modules contains their parent packages without an executed __init__. A later import of
kubernetes loads the complete package again.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType, SimpleNamespace
from typing import Any

_ROOT = "kubernetes"
_PACKAGES = ("client", "config", "stream", "utils")
# All threads share sys.modules.
_LOCK = threading.RLock()


def load() -> SimpleNamespace:
    """Return the package's classes and functions by name, and import_stream.

    import_stream() returns the module of the WebSocket client, which only commands in containers need. Raises
    ImportError if the package or one of its requirements is not installed.
    """
    if _ROOT not in sys.modules:
        try:
            return lean()
        except (ImportError, AttributeError):
            pass  # a package of another structure, or none: the ordinary import succeeds or explains why
    return whole()


def lean() -> SimpleNamespace:
    """Return what load does, without ever importing the models."""
    return _parts(_Lean().module)


def whole() -> SimpleNamespace:
    """Return what load does, after an ordinary import of the package."""
    import_module(_ROOT)
    return _parts(import_module)


def _parts(module: Callable[[str], ModuleType]) -> SimpleNamespace:
    """Return the parts of the package. module: imports a module by its name."""
    rest = module("kubernetes.client.rest")
    incluster = module("kubernetes.config.incluster_config")
    kubeconfig = module("kubernetes.config.kube_config")
    return SimpleNamespace(
        Configuration=module("kubernetes.client.configuration").Configuration,
        RESTClientObject=rest.RESTClientObject,
        should_bypass_proxies=rest.should_bypass_proxies,
        ConfigException=module("kubernetes.config.config_exception").ConfigException,
        load_incluster_config=incluster.load_incluster_config,
        load_kube_config=kubeconfig.load_kube_config,
        load_kube_config_from_dict=kubeconfig.load_kube_config_from_dict,
        import_stream=lambda: module("kubernetes.stream.ws_client"))


class _Lean:
    """An importer that keeps the package's modules here instead of in sys.modules."""

    def __init__(self) -> None:
        root = _unexecuted(find_spec(_ROOT))
        self._modules = {_ROOT: root}
        for name in _PACKAGES:
            package = _unexecuted(PathFinder.find_spec(f"{_ROOT}.{name}", root.__path__))
            setattr(root, name, package)
            self._modules[package.__name__] = package
        # The names that the other modules import from kubernetes.client itself.
        root.client.Configuration = self.module("kubernetes.client.configuration").Configuration
        root.client.ApiClient = _lazy_class("kubernetes.client", "ApiClient")

    def module(self, name: str) -> ModuleType:
        """Return the module of that name."""
        with _LOCK, self._in_sys_modules():
            return import_module(name)

    @contextmanager
    def _in_sys_modules(self) -> Iterator[None]:
        """Put the modules into sys.modules, and afterwards collect those that were imported meanwhile."""
        others = _imported()
        stand_ins = {name: module for name, module in _oauth().items() if name not in sys.modules}
        _forget(others)
        sys.modules.update(self._modules | stand_ins)
        try:
            yield
        finally:
            self._modules.update(_imported())
            _forget(self._modules | stand_ins)
            sys.modules.update(others)


def _oauth() -> dict[str, ModuleType]:
    """Return stand-ins for modules that only the refresh of an OpenID Connect token uses."""
    oauthlib, oauth2 = _StandIn("oauthlib"), _StandIn("oauthlib.oauth2")
    requests_oauthlib = ModuleType("requests_oauthlib")
    vars(oauthlib)["oauth2"] = oauth2
    vars(requests_oauthlib)["OAuth2Session"] = _lazy_class("requests_oauthlib", "OAuth2Session")
    return {module.__name__: module for module in (oauthlib, oauth2, requests_oauthlib)}


class _StandIn(ModuleType):
    """A module that is imported when one of its attributes is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # read by the import system
        return getattr(import_module(self.__name__), name)


def _lazy_class(module: str, name: str) -> Callable:
    """Return a constructor that imports its class when it is called."""
    def construct(*args: Any, **options: Any) -> Any:
        with _LOCK:
            loaded = getattr(import_module(module), name)
        return loaded(*args, **options)
    return construct


def _unexecuted(spec: Any) -> ModuleType:
    """Return the package of a spec without executing its __init__."""
    if spec is None:
        raise ImportError(f"the package {_ROOT} is missing or incomplete")
    return module_from_spec(spec)


def _imported() -> dict[str, ModuleType]:
    return {name: module
            for name, module in sys.modules.items() if name == _ROOT or name.startswith(_ROOT + ".")}


def _forget(modules: dict[str, ModuleType]) -> None:
    for name in modules:
        sys.modules.pop(name, None)
