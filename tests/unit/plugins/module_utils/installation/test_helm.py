# SPDX-License-Identifier: GPL-3.0-or-later
"""The program helm: which one, which version, and what is said when it cannot be used."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.installation import helm


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
