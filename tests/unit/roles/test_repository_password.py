# SPDX-License-Identifier: GPL-3.0-or-later
"""A password in the URL of the chart or of its repository is refused, and in no output."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from role_site import RoleSite

PASSWORD = "of-the-repository"
URL = f"https://reader:{PASSWORD}@charts.example.com/"
SENTENCE = ("install_chart_ref (fluid_chart_ref) or install_chart_repo_url (fluid_chart_repo_url) has a "
            "user or a password, which the messages of helm show: expected a URL without both.")


@pytest.fixture
def refusal(tmp_path):
    """Run a playbook at verbosity 4, which fails before it starts a module, and return its output."""
    site = RoleSite(tmp_path)

    def run(playbook, **variables):
        started = site.run(playbook, "-vvvv", "--diff", passes=False, **variables)
        assert "fluid_installation_info" not in started["one"]
        assert PASSWORD not in site.output
        return " ".join(site.output.split())

    return run


@pytest.mark.parametrize("playbook", ["install", "upgrade", "deploy_ha"])
def test_a_password_is_refused(refusal, playbook):
    assert SENTENCE in refusal(playbook, fluid_chart_repo_url=URL)


def test_a_password_of_the_chart_is_refused(refusal):
    assert SENTENCE in refusal("install", fluid_chart_ref=URL + "fluid-1.0.8.tgz")


@pytest.mark.parametrize("url", [
    f"https://{PASSWORD}@charts.example.com/", f"HTTPS://{PASSWORD}:@charts.example.com/",
    f"https://x@y:{PASSWORD}@charts.example.com/", f"git+https://{PASSWORD}@charts.example.com/c@charts"])
def test_a_token_is_refused(refusal, url):
    """Hosts of repositories take a token as the user, and nothing distinguishes it from a name."""
    assert SENTENCE in refusal("install", fluid_chart_repo_url=url)


@pytest.mark.parametrize("url", [
    "https://charts.example.com:8443/@team", "oci://registry.example.com/charts/fluid@sha256",
    "git+ssh://git@git.example.com/team/charts@fluid"])
def test_a_url_without_a_credential_is_taken(tmp_path, url):
    assert "fluid_installation_info" in RoleSite(tmp_path).run(
        "install", fluid_chart_ref="fluid", fluid_chart_repo_url=url)["one"]


def test_a_token_of_a_url_beside_a_path_is_not_shown(refusal):
    output = refusal("install", fluid_chart_repo_url=f"https://x@y:{PASSWORD}@charts.example.com/",
                     fluid_chart_ref="/srv/fluid.tgz")
    assert "(fluid_chart_repo_url) is https://charts.example.com/: expected only one" in output


def test_a_path_beside_the_url(refusal):
    output = refusal("install", fluid_chart_repo_url=URL, fluid_chart_ref="/srv/fluid.tgz")
    assert "and install_chart_repo_url (fluid_chart_repo_url) is https://charts.example.com/" in output


@pytest.mark.parametrize("option", ["chart_repo_url", "chart_ref"])
def test_the_module_alone_hides_it(option):
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible"), "localhost", "-vvvv", "-m",
         "datacache.fluid.fluid_installation_info", "-a",
         f"{option}={URL} host=https://127.0.0.1:1 api_key=of-the-account"],
        env={**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        capture_output=True, text=True, timeout=300, check=False)
    assert "no API server answers" in done.stdout + done.stderr
    # ansible-core 2.21 returns no invocation.
    assert ("charts.example.com" in done.stdout) == ('"invocation"' in done.stdout)
    assert PASSWORD not in done.stdout + done.stderr
