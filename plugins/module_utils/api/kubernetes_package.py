# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the kubernetes package that we stand on, imported without its models and API classes. IO: imports.

`import kubernetes` takes as long as all else that a module does for an unchanged object, because the package's __init__
modules import what the API knows of kinds. We need configuration, authentication and connection only, which are a few
modules of the same package. Their packages stand in sys.modules, without having run their __init__, just while these
modules are imported: whoever imports kubernetes later gets all of it, and gets it anew.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType, SimpleNamespace
from typing import Any, Callable, Iterator

_ROOT = "kubernetes"
_PACKAGES = ("client", "config", "stream", "utils")
# One thread at a time, since all see the same sys.modules.
_LOCK = threading.RLock()


def load() -> SimpleNamespace:
    """Return Configuration, RESTClientObject, ConfigException, the loaders of configurations, and import_stream.

    import_stream() returns the module of the WebSocket client, which only commands in containers need. Raises ImportError
    when the package, or something that it needs, is not installed.
    """
    if _ROOT not in sys.modules:
        try:
            return lean()
        except (ImportError, AttributeError):
            pass  # a package that is built differently, or not there at all: the ordinary import knows, or says why not
    return whole()


def lean() -> SimpleNamespace:
    """As load, never with the models."""
    return _parts(_Lean().module)


def whole() -> SimpleNamespace:
    """As load, from the package as everybody imports it."""
    import_module(_ROOT)
    return _parts(import_module)


def _parts(module: Callable[[str], ModuleType]) -> SimpleNamespace:
    """The parts; module imports one by its name."""
    rest = module("kubernetes.client.rest")
    incluster, kubeconfig = module("kubernetes.config.incluster_config"), module("kubernetes.config.kube_config")
    return SimpleNamespace(
        Configuration=module("kubernetes.client.configuration").Configuration,
        RESTClientObject=rest.RESTClientObject,
        ConfigException=module("kubernetes.config.config_exception").ConfigException,
        load_incluster_config=incluster.load_incluster_config,
        load_kube_config=kubeconfig.load_kube_config,
        load_kube_config_from_dict=kubeconfig.load_kube_config_from_dict,
        import_stream=lambda: module("kubernetes.stream.ws_client"))


class _Lean:
    """The modules imported so far, kept here and not in sys.modules."""

    def __init__(self) -> None:
        root = _unexecuted(find_spec(_ROOT))
        self._modules = {_ROOT: root}
        for name in _PACKAGES:
            package = _unexecuted(PathFinder.find_spec(f"{_ROOT}.{name}", root.__path__))
            setattr(root, name, package)
            self._modules[package.__name__] = package
        # What the other modules import from the package kubernetes.client itself.
        root.client.Configuration = self.module("kubernetes.client.configuration").Configuration
        root.client.ApiClient = _later("kubernetes.client", "ApiClient")

    def module(self, name: str) -> ModuleType:
        with _LOCK, self._in_sight():
            return import_module(name)

    @contextmanager
    def _in_sight(self) -> Iterator[None]:
        """Show our modules to the import system, and take in those that it imports meanwhile."""
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
    """Stand-ins for what the refresh of an OpenID Connect token needs, and nothing else does."""
    oauthlib, oauth2, requests_oauthlib = _StandIn("oauthlib"), _StandIn("oauthlib.oauth2"), ModuleType("requests_oauthlib")
    oauthlib.oauth2 = oauth2
    requests_oauthlib.OAuth2Session = _later("requests_oauthlib", "OAuth2Session")
    return {module.__name__: module for module in (oauthlib, oauth2, requests_oauthlib)}


class _StandIn(ModuleType):
    """Imports the module of its name when something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # asked by the import system
        return getattr(import_module(self.__name__), name)


def _later(module: str, name: str) -> Callable:
    """A class that is imported, with its whole module, when it is called."""
    def make(*args: Any, **options: Any) -> Any:
        with _LOCK:
            factory = getattr(import_module(module), name)
        return factory(*args, **options)
    return make


def _unexecuted(spec: Any) -> ModuleType:
    """The package of a spec, with the path of its modules, but without what its __init__ would define."""
    if spec is None:
        raise ImportError(f"no package {_ROOT}, or not all of it")
    return module_from_spec(spec)


def _imported() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name == _ROOT or name.startswith(_ROOT + ".")}


def _forget(modules: dict[str, ModuleType]) -> None:
    for name in modules:
        sys.modules.pop(name, None)
