# SPDX-License-Identifier: GPL-3.0-or-later
"""The program helm: which one, which version, which chart, and what is said when it cannot be used."""

import tarfile

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.installation import helm
from ansible_collections.datacache.fluid.plugins.module_utils.installation.release import Chart


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Make a helm that runs a shell script, the only one on PATH."""
    monkeypatch.setattr(helm, "_ALSO_SEARCHED", ())
    monkeypatch.setenv("PATH", str(tmp_path))

    def make(script="echo v3.18.4"):
        file = tmp_path / "helm"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return str(file)
    return make


def test_the_program_on_path(program):
    made = program()
    assert helm.find("") == made
    assert helm.find(made) == made


def test_no_program(program):
    with pytest.raises(InvalidInput) as refused:
        helm.find("")
    assert str(refused.value) == (
        "there is no helm on PATH of the host that runs the tasks: install Helm there, or set binary_path "
        "(fluid_helm_binary) to it")


def test_a_path_without_a_program(program):
    with pytest.raises(InvalidInput, match=r"binary_path \(fluid_helm_binary\) is /no/helm, where the host"):
        helm.find("/no/helm")


@pytest.mark.parametrize(("version", "core"), [
    ("v3.18", "5.0.0"), ("v3.5.0", "6.2.0"), ("v4.0.1", "6.4.0"), ("v4.1.0", "6.10.1"), ("v4.0.1", "7.0.0"),
    ("v4.0.1", ""),
])
def test_a_version_that_kubernetes_core_can_use(program, monkeypatch, version, core):
    monkeypatch.setenv(helm.KUBERNETES_CORE, core)
    assert helm.require_supported(program(f"echo {version}")) == version


@pytest.mark.parametrize("core", ["5.4.4", "6.2.0", "6.3.0"])
def test_helm_4_with_an_older_kubernetes_core(program, monkeypatch, core):
    monkeypatch.setenv(helm.KUBERNETES_CORE, core)
    with pytest.raises(InvalidInput) as refused:
        helm.require_supported(program("echo v4.0.1"))
    assert (f"is Helm v4.0.1, and kubernetes.core {core} supports Helm 3: install "
            "kubernetes.core 6.4.0 or newer") in str(refused.value)


def test_the_values_of_a_chart(program):
    made = program(
        'test "$*" = "show values fluid --repo https://a.host --version 1.0.8" && echo "a: {b: 1}"')
    assert helm.chart_defaults(made, "fluid", "https://a.host", "1.0.8") == {"a": {"b": 1}}


def test_a_chart_that_cannot_be_read(program):
    with pytest.raises(InvalidInput, match="`helm show values fluid` failed: no such chart"):
        helm.chart_defaults(program("echo no such chart >&2; exit 1"), "fluid", "", "")


CHART = "apiVersion: v2\nname: fluid\nversion: 1.0.8\nappVersion: 1.0.8-8c9cd61\n"
FLUID = Chart("fluid", "1.0.8", "1.0.8-8c9cd61")


@pytest.fixture
def chart(tmp_path):
    """A chart in a folder, with one that it depends on."""
    folder = tmp_path / "unpacked"
    library = "name: library\nversion: 0.1.0\n"
    for path, text in (("Chart.yaml", CHART), ("charts/library/Chart.yaml", library)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def test_the_chart_at_a_path(chart):
    assert helm.chart_of(str(chart), "9.9.9") == FLUID


@pytest.mark.parametrize("prefix", ["", "./"])
def test_the_chart_in_an_archive(chart, tmp_path, prefix):
    archive = tmp_path / "fluid-1.0.8.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        for name in ("charts/library/Chart.yaml", "Chart.yaml"):
            packed.add(chart / name, f"{prefix}fluid/{name}")
    assert helm.chart_of(str(archive), "") == FLUID


def test_the_home_folder_in_a_path(chart, monkeypatch):
    monkeypatch.setenv("HOME", str(chart.parent))
    assert helm.chart_of("~/unpacked", "") == helm.chart_of("$HOME/unpacked", "") == FLUID


@pytest.mark.parametrize(("ref", "version", "expected"), [
    ("fluid", "1.0.8", Chart("fluid", "1.0.8")),
    ("mirror/fluid", "1.0.8", Chart("fluid", "1.0.8")),
    ("oci://registry.local/charts/fluid", "1.0.8", Chart("fluid", "1.0.8")),
    ("fluid", "", None), ("/no/such/folder", "1.0.8", None), ("./no", "1.0.8", None), ("~/no", "1.0.8", None),
])
def test_the_chart_of_a_repository(ref, version, expected):
    assert helm.chart_of(ref, version) == expected


@pytest.mark.parametrize("content", ["", "- a", "name: fluid", "a: {"])
def test_a_chart_that_cannot_be_read_is_left_to_helm(tmp_path, content):
    (tmp_path / "Chart.yaml").write_text(content)
    assert helm.chart_of(str(tmp_path), "") is None
    assert helm.chart_of(str(tmp_path / "Chart.yaml"), "") is None


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An account without settings of Helm."""
    for name in ("HELM_DRIVER", "HELM_PLUGINS", "HELM_DATA_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("variable", "folder"), [
    ("", ".local/share/helm/plugins"), ("", "Library/helm/plugins"), ("XDG_DATA_HOME", "data/helm/plugins"),
    ("HELM_DATA_HOME", "data/plugins"), ("HELM_PLUGINS", "data"),
])
def test_plugins_may_compare_more(home, monkeypatch, variable, folder):
    if variable:
        monkeypatch.setenv(variable, str(home / "data"))
    assert helm.compares_by_release()
    (home / folder).mkdir(parents=True)
    assert helm.compares_by_release()
    (home / folder / "helm-diff").mkdir()
    assert not helm.compares_by_release()


@pytest.mark.parametrize(("driver", "expected"), [("secret", True), ("configmap", False), ("sql", False)])
def test_releases_that_are_in_no_secrets(home, monkeypatch, driver, expected):
    monkeypatch.setenv("HELM_DRIVER", driver)
    assert helm.compares_by_release() is expected
