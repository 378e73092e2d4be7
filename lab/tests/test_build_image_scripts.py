# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts in the images, run with stand-ins for the programs that they start."""

import subprocess

import pytest
from labctl.build.catalog import SOURCES

SCRIPTS = SOURCES / "image"


@pytest.fixture(name="run")
def fixture_run(tmp_path):
    """run(script, arguments, environment): the words of the program that the script ends in, one per item."""
    (tmp_path / "bin").mkdir()
    for name in ("java", "alluxio"):
        program = tmp_path / "bin" / name
        program.write_text('#!/bin/sh\nprintf "%s\\n" "${0##*/}" "$@"\nenv >"$SEEN"\n', encoding="ascii")
        program.chmod(0o755)
    home = tmp_path / "home"
    (home / "lib").mkdir(parents=True)
    (home / "conf").mkdir()
    (home / "lib/classpath").write_text("a.jar:b.jar", encoding="ascii")
    (home / "version").write_text("2.9.4\n", encoding="ascii")

    def run(script, *arguments, **environment):
        answer = subprocess.run(
            ["bash", SCRIPTS / script, *arguments], check=True, stdout=subprocess.PIPE, text=True,
            env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "ALLUXIO_HOME": str(home),
                 "SEEN": str(tmp_path / "seen"), **environment})
        return answer.stdout.splitlines()

    run.home, run.seen = home, tmp_path / "seen"
    return run


class TestLauncher:
    @pytest.mark.parametrize("command, main_class", [
        ("master", "alluxio.master.AlluxioMaster"), ("job-master", "alluxio.master.AlluxioJobMaster"),
        ("worker", "alluxio.worker.AlluxioWorker"), ("job-worker", "alluxio.worker.AlluxioJobWorker"),
    ])
    def test_starts_each_component(self, run, command, main_class):
        words = run("alluxio", command)
        assert words[-3:] == ["-cp", f"a.jar:b.jar:{run.home}/conf", main_class]

    def test_passes_a_commands_arguments_on(self, run):
        words = run("alluxio", "fs", "ls", "-R", "/a b*")
        assert words[-4:] == ["alluxio.cli.fs.FileSystemShell", "ls", "-R", "/a b*"]

    def test_settings_of_one_call_may_stand_anywhere(self, run):
        words = run("alluxio", "fs", "-Dkey=a b", "ls", "-Dother=1", "/")
        assert words[-3:] == ["alluxio.cli.fs.FileSystemShell", "ls", "/"]
        assert {"-Dkey=a b", "-Dother=1"} <= set(words[:words.index("-cp")])

    def test_classes_come_from_the_archive_where_there_is_one(self, run):
        assert not [word for word in run("alluxio", "master") if "Archive" in word]
        archive = run.home / "lib/alluxio.jsa"
        archive.touch()
        assert f"-XX:SharedArchiveFile={archive}" in run("alluxio", "master")

    def test_formats_what_the_command_names(self, run):
        assert run("alluxio", "formatJournal")[-2:] == ["alluxio.cli.Format", "master"]
        assert run("alluxio", "formatWorker")[-2:] == ["alluxio.cli.Format", "worker"]

    def test_the_users_options_come_last_and_so_win(self, run):
        words = run(
            "alluxio", "master", ALLUXIO_JAVA_OPTS="-Da=all", ALLUXIO_MASTER_JAVA_OPTS=" -Xmx2g -Db=master ")
        assert [word for word in words if word.startswith(("-Xmx", "-Da=", "-Db="))] == [
            "-Xmx400m", "-Da=all", "-Xmx2g", "-Db=master"]

    @pytest.mark.parametrize("command, compilers", [
        ("fs", ["-XX:TieredStopAtLevel=1"]), ("master", ["-XX:TieredStopAtLevel=1"]), ("worker", []),
        ("fuse", []),
    ])
    def test_only_what_moves_data_is_optimised(self, run, command, compilers):
        assert [word for word in run("alluxio", command) if "Tiered" in word] == compilers

    def test_options_may_refer_to_variables_and_mounted_secrets(self, run, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("s3cret", encoding="ascii")
        words = run("alluxio", "fuse", ALLUXIO_CLIENT_HOSTNAME="node1",
                    ALLUXIO_FUSE_JAVA_OPTS="-Dhost=${ALLUXIO_CLIENT_HOSTNAME} -Dkey=`cat " + str(secret)
                    + "`")
        assert {"-Dhost=node1", "-Dkey=s3cret"} <= set(words)

    @pytest.mark.parametrize("options, collectors", [
        ("", ["-XX:+UseSerialGC"]), ("-Xmx16G -XX:+UseG1GC", ["-XX:+UseG1GC"]),
    ])
    def test_never_two_collectors(self, run, options, collectors):
        words = run("alluxio", "fuse", ALLUXIO_FUSE_JAVA_OPTS=options)
        assert [word for word in words if word.startswith("-XX:+Use")] == collectors

    def test_reads_what_the_dataload_job_writes(self, run):
        (run.home / "conf/alluxio-env.sh").write_text(
            'export ALLUXIO_USER_JAVA_OPTS="-Dfrom=file"\n', encoding="ascii")
        assert "-Dfrom=file" in run("alluxio", "fs", "ls")

    def test_version(self, run):
        assert run("alluxio", "version") == ["2.9.4"]

    def test_an_unknown_command_is_an_error_that_names_it(self, run, capfd):
        with pytest.raises(subprocess.CalledProcessError):
            run("alluxio", "proxy")
        assert 'no command "proxy"' in capfd.readouterr().err


class TestEntrypoint:
    @pytest.mark.parametrize("arguments, words", [
        (["master-only"], ["alluxio", "formatJournal", "alluxio", "master"]),
        (["master-only", "--no-format"], ["alluxio", "master"]),
        (["job-master"], ["alluxio", "job-master"]),
        (["worker-only", "--no-format"], ["alluxio", "worker"]),
        (["job-worker"], ["alluxio", "job-worker"]),
        (["echo", "other"], ["other"]),
    ])
    def test_starts_each_role(self, run, arguments, words):
        assert run("entrypoint.sh", *arguments) == words

    def test_fuse_mounts_with_the_charts_options(self, run, tmp_path):
        mount = tmp_path / "runtime-mnt/alluxio-fuse"
        words = run("entrypoint.sh", "fuse", "--fuse-opts=kernel_cache,ro,allow_other", str(mount), "/data")
        assert words == ["alluxio", "fuse", "-m", str(mount), "-o", "kernel_cache", "-o", "ro", "-o",
                         "allow_other"]
        assert mount.is_dir()
        assert "-Dalluxio.fuse.mount.alluxio.path=/data" in run.seen.read_text(encoding="utf-8")
