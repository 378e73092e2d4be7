# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the arguments of a master's process."""

import subprocess

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import jvm_arguments

SAID = ("bash\n/entrypoint.sh\nmaster-only\n\n"
        "java\n-Xmx1g\n-Dalluxio.a=1\n-Dalluxio.a=2\n-cp\n/x\nalluxio.master.AlluxioMaster\n\n"
        "java\n-Dalluxio.a=9\nalluxio.cli.fs.FileSystemShell\nls\n\n\n")


def test_the_master_is_found_among_the_processes():
    assert jvm_arguments.options_of(SAID, "alluxio.master.AlluxioMaster") == (
        "java -Xmx1g -Dalluxio.a=1 -Dalluxio.a=2 -cp /x")
    assert jvm_arguments.options_of(SAID, "alluxio.master.AlluxioJobMaster") is None


@pytest.mark.parametrize(("desired", "jvm", "lines"), [
    ({"alluxio.a": "2"}, ("-Xmx1g",), []),
    ({"alluxio.a": "1", "alluxio.b": "3"}, (),
     ["alluxio.a is 2, expected 1", "alluxio.b is not set, expected 3"]),
    ({"alluxio.host": "${HOST}"}, ("-Xmx2g", "-Xloggc:${HOST}"), ["JVM option -Xmx2g is missing"]),
    ({}, ("-Daws.secretKey=abcdef",), ["JVM option -Daws.secretKey=VALUE_HIDDEN is missing"]),
])
def test_mismatches(desired, jvm, lines):
    assert jvm_arguments.mismatches(jvm_arguments.options_of(SAID, "alluxio.master.AlluxioMaster"), desired,
                                    jvm) == lines


def test_credentials_do_not_show():
    options = "java -Dfs.oss.accessKeySecret=geheimnis"
    assert jvm_arguments.mismatches(options,
                                    {"fs.oss.accessKeySecret": "verborgen", "fs.oss.token": "verborgen"},
                                    ()) == [
        "fs.oss.accessKeySecret is another value", "fs.oss.token is not set"]


def test_the_command_prints_real_processes():
    with subprocess.Popen(["sh", "-c", "exec \"$@\"", "sh", "tail", "-f", "--", "/dev/null"]) as process:
        result = subprocess.run(jvm_arguments.COMMAND, capture_output=True, text=True, check=True).stdout
        process.kill()
    assert jvm_arguments.options_of(result, "/dev/null").endswith("tail -f --")
