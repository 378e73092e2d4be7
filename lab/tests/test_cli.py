# SPDX-License-Identifier: GPL-3.0-or-later
import os
import subprocess

import pytest
from labctl import cli, lab, preflight, settings, state
from labctl.state import RUNNING, Shape, State


@pytest.fixture
def as_root(state_dir, monkeypatch):
    monkeypatch.setattr(preflight, "operator", lambda: None)


def test_without_root_nothing_is_tried(state_dir, monkeypatch, capsys):
    monkeypatch.setattr(preflight.os, "geteuid", lambda: 1000)
    assert cli.main(["down"]) == 2
    assert "needs root" in capsys.readouterr().err
    assert not settings.LOCK_FILE.exists()


@pytest.mark.parametrize("words, shape, sentence", [
    (["kill-node", "1"], None, "no lab runs on this machine"),
    (["reset"], None, "no lab runs on this machine"),
    (["env"], None, "no lab runs on this machine"),
    (["kill-node", "1"], Shape(tier="api"), "the lab runs without nodes"),
    (["kill-node", "9"], Shape(nodes=3), "no node 9: the lab has nodes 1 to 3"),
    (["origin-rate", "fast"], Shape(), "such as 20m"),
    (["up", "--origin-rate", "fast"], None, "such as 20m"),
])
def test_what_cannot_be_served_is_refused(as_root, capsys, words, shape, sentence):
    if shape:
        state.save(State(RUNNING, shape, "hash", "/checkout"))
    assert cli.main(words) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["up", "--nodes", "6"], ["up", "--nodes", "0"], ["up", "--tier", "half"], []])
def test_wrong_options_are_usage_errors(words, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 2
    assert "usage: lab" in capsys.readouterr().err


def test_kubeconfig_prints_the_path_alone(state_dir, capsys):
    assert cli.main(["kubeconfig"]) == 0
    assert capsys.readouterr().out == f"{state_dir}/kubeconfig\n"


def test_env_selects_the_running_lab(state_dir, capsys):
    state.save(State(RUNNING, Shape(), "hash", "/checkout",
                     {"kube": "/c/kube", "kubectl": "/c/kubectl", "bin": "/c", "crds": "/c/crds",
                      "helm": "/c/helm", "coredns": "/c/coredns", "fluid_chart": "/c/a chart",
                      "images": ["/c/images.tar"]}))
    assert cli.main(["env"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"export KUBECONFIG={state_dir}/kubeconfig", "export FLUID_LAB_CHART='/c/a chart'",
        f"export FLUID_LAB_VALUES={settings.FLUID_VALUES}",
        "export FLUID_LAB_ORIGIN=http://10.10.0.1:8090/apache/hbase/stable/",
        "export FLUID_LAB_S3=http://10.10.0.1:8091", 'export PATH=/c:"$PATH"']


def test_status_without_a_lab_says_so(state_dir, capsys):
    assert cli.main(["status"]) == 3
    assert capsys.readouterr().out == "no lab runs on this machine\n"


def test_a_reader_that_ends_early_is_no_error(state_dir):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run([settings.LAB_DIR / "lab", "status"], stdout=closed, stderr=subprocess.PIPE,
                              text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "")


def test_an_interrupted_command_says_what_happens_next(as_root, monkeypatch, capsys):
    def interrupted(report):
        raise KeyboardInterrupt
    monkeypatch.setattr(lab.leftovers, "remove", lambda: interrupted(None))
    assert cli.main(["down"]) == 130
    assert "the next `lab up` cleans up" in capsys.readouterr().err
