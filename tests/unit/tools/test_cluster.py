# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cluster is used, and what `lab env` says about it."""

from toolbox import cluster, shell

LAB_ENV = """\
export KUBECONFIG=/var/lib/lab/kubeconfig
export FLUID_LAB_CHART='/a path/chart'
export PATH=/lab/bin:"$PATH"
"""


def test_lab_env_is_read_as_a_shell_reads_it(monkeypatch):
    monkeypatch.setattr(shell, "quiet", lambda *args, **options: LAB_ENV)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setattr(shell, "run", lambda *args, **options: None)
    environ = cluster.start("full", {"PATH": "/bin", "HOME": "/home"})
    assert environ == {"KUBECONFIG": "/var/lib/lab/kubeconfig", "FLUID_LAB_CHART": "/a path/chart",
                       "PATH": "/lab/bin:/bin", "HOME": "/home"}


def test_a_given_cluster_starts_no_lab(monkeypatch):
    started = []
    monkeypatch.setattr(shell, "run", lambda *args, **options: started.append(args))
    monkeypatch.setattr(shell, "status", lambda *args, **options: started.append(args))
    monkeypatch.setenv("KUBECONFIG", "/home/me/config")
    assert cluster.start("full", {"KUBECONFIG": "/home/me/config"}) == {"KUBECONFIG": "/home/me/config"}
    assert cluster.extra_vars() == []
    assert cluster.stop() == 0
    assert started == []


def test_a_scenario_may_name_the_version_of_alluxio(monkeypatch):
    started = []
    monkeypatch.setattr(shell, "quiet", lambda *args, **options: LAB_ENV)
    monkeypatch.setattr(shell, "run", lambda command, **options: started.append(command[2:]))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("FLUID_LAB_ALLUXIO", "2.9.4")
    cluster.start("full", {"PATH": "/bin"}, empty=True, alluxio="2.9.0")
    cluster.start("full", {"PATH": "/bin"})
    assert started == [["down"], ["up", "--tier", "full", "--no-fluid", "--alluxio", "2.9.0"],
                       ["up", "--tier", "full", "--no-fluid", "--alluxio", "2.9.4"]]
