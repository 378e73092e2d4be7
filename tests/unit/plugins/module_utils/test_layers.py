# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers of plugins/module_utils (docs/architecture.md): a package imports lower layers only, and pure
code stays pure.
"""

import ast
import re
from pathlib import Path

import pytest

MODULE_UTILS = Path(__file__).parents[4] / "plugins" / "module_utils"
# From the bottom up. Packages of one layer are siblings, which never import each other.
LAYERS = (
    {"errors", "redaction", "progress"},
    {"k8s", "alluxio"},
    {"api"},
    {"apply"},
    {"fluid"},
    {"masters"},
    {"journal"},
    {"lifecycle", "quorum", "backup", "installation", "verify"},
    {"rollout", "drill", "diagnose", "preflight", "report"},
    {"deployment"},
    {"module"},
)
LAYER_OF = {package: number for number, packages in enumerate(LAYERS) for package in packages}
FULLEST = 12
# What pure code must not reach: the network, the clock and other processes.
IMPURE = {"ansible", "asyncio", "concurrent", "http", "importlib", "kubernetes", "multiprocessing", "os",
          "random", "requests", "secrets", "select", "shutil", "signal", "socket", "ssl", "subprocess",
          "tempfile", "threading", "time", "urllib.request", "urllib3", "uuid", "websocket"}
IMPURE_CALLS = {"open", "input", "exec", "eval", "__import__"}
# Layers of pure code only.
PURE_PACKAGES = LAYERS[1]
# The absolute name of the folder.
ABSOLUTE = "ansible_collections.datacache.fluid.plugins.module_utils"
PURE = re.compile(r"(^|[.:] )Pure\.(\s|$)")


class Package:
    """The imports of each file below a folder. files: path relative to the folder, without .py, to what it
    imports.
    """

    def __init__(self, folder: Path) -> None:
        self.trees = {path.relative_to(folder).with_suffix("").as_posix(): ast.parse(path.read_text())
                      for path in folder.rglob("*.py")}
        self.files = {name: self._imports(name) for name in self.trees}

    def _imports(self, name: str) -> set[str]:
        """The files of the folder that a file imports, wherever in it, and other packages by their first name
        and a colon.
        """
        found = set()
        for node in ast.walk(self.trees[name]):
            if isinstance(node, ast.Import):
                found |= {self._target(alias.name) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found |= self._targets(name, node)
        return found

    def _targets(self, name: str, node: ast.ImportFrom) -> set[str]:
        start = [ABSOLUTE, *name.split("/")[:-node.level]] if node.level else []
        module = ".".join(filter(None, [*start, node.module]))
        if self._target(module) in self.trees or not module.startswith(ABSOLUTE):
            return {self._target(module)}
        return {self._target(f"{module}.{alias.name}") for alias in node.names}

    @staticmethod
    def _target(module: str) -> str:
        if module.startswith(ABSOLUTE + "."):
            return module.removeprefix(ABSOLUTE + ".").replace(".", "/")
        return "urllib.request:" if module.startswith("urllib.request") else module.partition(".")[0] + ":"

    def against_layers(self) -> list[str]:
        """Imports that go up or to a sibling."""
        return [f"{name} imports {other}" for name, imports in sorted(self.files.items())
                for other in sorted(imports)
                if not other.endswith(":")
                and (top := other.partition("/")[0]) != (own := name.partition("/")[0])
                and LAYER_OF[top] >= LAYER_OF[own]]

    def cycles(self) -> list[str]:
        return [name for name in sorted(self.files) if name in self.reached(name, self.files[name])]

    def reached(self, _name: str, imports: set[str]) -> set[str]:
        found, left = set(), set(imports)
        while left:
            each = left.pop()
            found.add(each)
            left |= self.files.get(each, set()) - found
        return found

    def impure(self) -> list[str]:
        """Files that call themselves pure and reach what is not, by however many imports, or ask for the
        present time.
        """
        found = []
        for name, tree in sorted(self.trees.items()):
            if not is_pure(tree):
                continue
            reached = self.reached(name, self.files[name])
            found += [f"{name} reaches {each}"
                      for each in sorted(reached) if each.rstrip(":") in IMPURE or each.startswith("api/")]
            found += [f"{name} asks for the time" for node in ast.walk(tree)
                      if isinstance(node, ast.Attribute) and node.attr in ("now", "today", "utcnow")]
            found += [f"{name} calls {node.func.id}" for node in ast.walk(tree)
                      if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                      and node.func.id in IMPURE_CALLS]
        return found

    def unmarked(self) -> list[str]:
        """Files of the pure packages that do not call themselves pure."""
        return [name for name, tree in sorted(self.trees.items())
                if name.partition("/")[0] in PURE_PACKAGES and not name.endswith("__init__")
                and not is_pure(tree)]


def is_pure(tree: ast.Module) -> bool:
    return PURE.search(ast.get_docstring(tree) or "") is not None


@pytest.fixture(scope="module")
def package() -> Package:
    return Package(MODULE_UTILS)


def test_every_package_has_a_layer(package):
    assert {name.partition("/")[0] for name in package.files} == LAYER_OF.keys()


def test_imports_go_down(package):
    assert package.against_layers() == []


def test_no_file_imports_itself_over_others(package):
    assert package.cycles() == []


def test_pure_files_reach_no_network_clock_or_process(package):
    assert package.impure() == []


def test_the_packages_of_pure_code_hold_nothing_else(package):
    assert package.unmarked() == []


def test_no_folder_is_crowded():
    folders = [MODULE_UTILS, *(path for path in MODULE_UTILS.rglob("*") if path.is_dir())]
    assert {str(folder.relative_to(MODULE_UTILS)): count
            for folder in folders if (count := len(list(folder.glob("*.py")))) > FULLEST} == {}


@pytest.mark.parametrize(("name", "text", "finds"), [
    ("fluid/planted", "from ..quorum import plan", ["fluid/planted imports quorum/plan"]),
    ("fluid/planted", "def late():\n    from ..rollout.plan import Step", ["fluid/planted imports "
                                                                           "rollout/plan"]),
    ("quorum/planted", "from ..backup.catalog import Tree", ["quorum/planted imports backup/catalog"]),
    ("errors", "from .k8s import names", ["errors imports k8s/names"]),
    ("fluid/planted", f"from {ABSOLUTE}.quorum import plan", ["fluid/planted imports quorum/plan"]),
    ("fluid/planted", f"import {ABSOLUTE}.quorum.plan", ["fluid/planted imports quorum/plan"]),
], ids=["up", "up in a function", "sideways", "from the bottom", "absolute", "absolute module"])
def test_a_planted_import_is_found(tmp_path, name, text, finds):
    for path in MODULE_UTILS.rglob("*.py"):
        copy = tmp_path / path.relative_to(MODULE_UTILS)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text())
    (tmp_path / name).with_suffix(".py").write_text(text)
    assert Package(tmp_path).against_layers() == finds


@pytest.mark.parametrize(("text", "finds"), [
    ("import time", ["planted reaches time:"]),
    ("from .helper import run", ["planted reaches subprocess:"]),
    ("import urllib.request", ["planted reaches urllib.request:"]),
    ("text = open('/etc/hosts').read()", ["planted calls open"]),
    ("from datetime import datetime\nbegan = datetime.now()", ["planted asks for the time"]),
], ids=["clock", "process behind another file", "network", "file", "present time"])
def test_planted_impurity_is_found(tmp_path, text, finds):
    (tmp_path / "planted.py").write_text(f'"""Something. Pure."""\n{text}\n')
    (tmp_path / "helper.py").write_text("import subprocess\n")
    assert Package(tmp_path).impure() == finds


def test_a_planted_unmarked_file_is_found(tmp_path):
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "planted.py").write_text('"""Something."""\n')
    assert Package(tmp_path).unmarked() == ["k8s/planted"]


def test_a_planted_cycle_is_found(tmp_path):
    (tmp_path / "one.py").write_text("from . import two\n")
    (tmp_path / "two.py").write_text("from . import one\n")
    assert Package(tmp_path).cycles() == ["one", "two"]
