# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of the pod, run by a real shell, and what its log means."""

import subprocess

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.verify import sample
from ansible_collections.datacache.fluid.plugins.module_utils.verify.sample import Limits

CACHE = ObjectRef("data", "hbase")
IMAGE = sample.Image("nginx", ("mirror", "registry"))
LOG = """\
files 3 100.00 100.50
first 3072 100.50 102.51
second 3072 102.51 102.78
"""


@pytest.fixture
def folder(tmp_path):
    """Two folders with three files of 1 KiB, one of them with spaces in its name."""
    for name in ("a", "sub/b c", "sub/d"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1024)
    return tmp_path / "data"


def run(folder, limits, most=sample.MOST_FILES, path=None, **environ):
    """Run the command of the pod on a folder; return its log."""
    command = sample.manifest(CACHE, IMAGE, limits, 60)["spec"]["containers"][0]["command"]
    command[4:6] = [str(folder), str(most)]
    environ = {"PATH": path or "/usr/sbin:/usr/bin:/sbin:/bin", **environ}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


def with_program(folder, name, script):
    """Put a program in front of the others; return the path to search."""
    program = folder.parent / name
    program.write_text(script)
    program.chmod(0o755)
    return f"{folder.parent}:/usr/sbin:/usr/bin:/sbin:/bin"


def test_all_files_are_read_twice(folder):
    found = sample.parse(run(folder, Limits(1 << 20, 20)), Limits(1 << 20, 20))
    assert (found.files, found.listed_all, found.size, found.complete) == (3, True, 3072, True)
    assert 0 <= found.second_seconds < 5 and found.listing_errors == found.reading_errors == ()


def test_no_more_is_read_than_the_limit(folder):
    found = sample.parse(run(folder, Limits(1500, 20)), Limits(1500, 20))
    assert (found.size, found.complete, found.reading_errors) == (1500, False, ())


def test_no_more_files_are_listed_than_the_limit(folder, monkeypatch):
    monkeypatch.setattr(sample, "MOST_FILES", 2)
    found = sample.parse(run(folder, Limits(1 << 20, 20), most=2), Limits(1 << 20, 20))
    assert (found.files, found.listed_all, found.size, found.complete) == (2, False, 2048, False)


def test_nothing_is_read_without_workers(folder):
    found = sample.parse(run(folder, Limits(0, 20)), Limits(0, 20))
    assert (found.files, found.size, found.first_seconds) == (3, None, None)


def test_a_folder_that_cannot_be_read(tmp_path):
    found = sample.parse(run(tmp_path / "absent", Limits(1 << 20, 20)), Limits(1 << 20, 20))
    assert found.files == 0
    assert "No such file or directory" in found.listing_errors[0]


def test_a_file_that_cannot_be_read(folder):
    path = with_program(folder, "cat", "#!/bin/sh\necho 'cat: /data/a: Input/output error' >&2\nexit 1\n")
    log = run(folder, Limits(1 << 20, 20), path=path)
    found = sample.parse(log, Limits(1 << 20, 20))
    assert (found.size, found.reading_errors) == (0, ("cat: /data/a: Input/output error",))


def test_a_read_that_hangs_ends_at_the_limit(folder):
    path = with_program(folder, "cat", "#!/bin/sh\nexec sleep 60\n")
    log = run(folder, Limits(1 << 20, 1), path=path)
    found = sample.parse(log, Limits(1 << 20, 1))
    assert (found.size, found.complete) == (0, False)
    assert 1 <= found.first_seconds < 5
    assert found.reading_errors == ("no byte was read within 1 seconds",)


def test_a_second_read_that_hangs(folder):
    path = with_program(folder, "cat", (
        f"#!/bin/sh\ntest -e {folder.parent}/read && exec sleep 60\n"
        f"touch {folder.parent}/read\nexec /bin/cat \"$@\"\n"))
    found = sample.parse(run(folder, Limits(1 << 20, 1), path=path), Limits(1 << 20, 1))
    assert (found.size, found.reading_errors) == (3072, ("no byte was read within 1 seconds",))


def test_a_file_that_hangs_after_others_were_read(folder):
    """A slow under-store gives the second read more bytes, because the first ones are cached."""
    path = with_program(folder, "cat", f"#!/bin/sh\n/bin/cat {folder}/a\nexec sleep 60\n")
    found = sample.parse(run(folder, Limits(1 << 20, 1), path=path), Limits(1 << 20, 1))
    assert (found.size, found.complete) == (1024, False)
    assert found.reading_errors == ("both reads have stopped after 1024 bytes, and ended after 1 seconds",)


@pytest.mark.parametrize("second", ["2048 1.0 2.1", "1024 1.0 1.9"])
def test_a_slow_read_is_no_error(second):
    log = f"files 3 0.0 0.1\nfirst 1024 0.0 1.0\nsecond {second}\n"
    assert sample.parse(log, Limits(1 << 20, 1)).reading_errors == ()


def test_a_file_whose_name_has_two_lines_is_left_out(folder):
    (folder / "e\nf").write_bytes(b"x")
    found = sample.parse(run(folder, Limits(1 << 20, 20)), Limits(1 << 20, 20))
    assert (found.size, found.complete, found.reading_errors) == (3072, False, ())


@pytest.mark.parametrize("program", ["stat", "dd", "cat"])
def test_a_file_that_is_deleted_after_the_listing_is_left_out(folder, program):
    """The program finds the file gone, and all later ones."""
    calls = folder.parent / "calls"
    path = with_program(folder, program, f'#!/bin/sh\nrm -f {folder}/a\nexec /bin/{program} "$@"\n')
    if program != "dd":
        with_program(folder, "dd", f'#!/bin/sh\necho >>{calls}\nexec /bin/dd "$@"\n')
    found = sample.parse(run(folder, Limits(1 << 20, 20), path=path), Limits(1 << 20, 20))
    assert (found.size, found.complete, found.reading_errors) == (2048, False, ())


def test_pages_are_dropped_after_a_file_that_is_gone(folder):
    calls = folder.parent / "calls"
    path = with_program(folder, "dd", (
        f"#!/bin/sh\necho >>{calls}\necho 'dd: failed to open: No such file or directory' >&2\nexit 1\n"))
    run(folder, Limits(1 << 20, 20), path=path)
    assert calls.read_text() == "\n" * 3


def test_a_folder_that_is_deleted_during_the_listing_is_no_error(folder):
    path = with_program(folder, "find", (
        '#!/bin/sh\necho "find: \'$1/sub/gone\': No such file or directory" >&2\n'
        'exec /usr/bin/find "$@"\n'))
    found = sample.parse(run(folder, Limits(1 << 20, 20), path=path), Limits(1 << 20, 20))
    assert (found.files, found.complete, found.listing_errors) == (3, True, ())


def test_an_error_is_reported_beside_many_files_that_are_being_written(folder):
    path = with_program(folder, "cat", (
        "#!/bin/sh\nfor name in 1 2 3 4; do echo \"cat: $name: Timer expired\" >&2; done\n"
        "echo 'cat: /data/a: Input/output error' >&2\nexit 1\n"))
    found = sample.parse(run(folder, Limits(1 << 20, 20), path=path), Limits(1 << 20, 20))
    assert found.reading_errors == ("cat: /data/a: Input/output error",)
    assert found.being_written == ("1", "2", "3")


def test_the_locale_of_an_image_changes_nothing(folder):
    """GNU grep takes names that are no text of the locale for binary data, and messages are translated."""
    (folder / b"\xe9".decode("utf-8", "surrogateescape")).write_bytes(b"x")
    path = with_program(folder, "dd", (
        f"#!/bin/sh\ntest $LC_ALL = C || exit 1\ncase $1 in if={folder}/a) echo 'dd: Timer expired' >&2\n"
        'exit 1; esac\nexec /bin/dd "$@"\n'))
    log = run(folder, Limits(1 << 20, 20), path=path, LANG="C.UTF-8", LC_MESSAGES="C.UTF-8")
    found = sample.parse(log, Limits(1 << 20, 20))
    assert (found.size, found.being_written, found.reading_errors) == (2049, (f"{folder}/a",), ())


@pytest.mark.parametrize(("size", "dropped"), [(1 << 20, 3), (1500, 2)])
def test_the_pages_of_what_is_read_are_dropped_before_the_first_read(folder, size, dropped):
    calls = folder.parent / "calls"
    path = with_program(folder, "dd", f'#!/bin/sh\ntest -e {folder.parent}/read || echo "$@" >>{calls}\n')
    with_program(folder, "cat", f'#!/bin/sh\ntouch {folder.parent}/read\nexec /bin/cat "$@"\n')
    run(folder, Limits(size, 20), path=path)
    lines = calls.read_text().splitlines()
    files = {f"if={folder}/{name} iflag=nocache count=0" for name in ("a", "sub/b c", "sub/d")}
    assert len(lines) == len(set(lines)) == dropped and set(lines) <= files


def test_pages_that_cannot_be_dropped_are_read(folder):
    calls = folder.parent / "calls"
    path = with_program(folder, "dd", f"#!/bin/sh\necho >>{calls}\nexit 1\n")
    found = sample.parse(run(folder, Limits(1 << 20, 20), path=path), Limits(1 << 20, 20))
    assert (found.size, found.complete, found.reading_errors) == (3072, True, ())
    assert calls.read_text() == "\n"


def test_a_drop_of_pages_that_hangs_ends_at_the_limit(folder):
    path = with_program(folder, "dd", "#!/bin/sh\nexec sleep 60\n")
    found = sample.parse(run(folder, Limits(1 << 20, 1), path=path), Limits(1 << 20, 1))
    assert (found.size, found.complete) == (3072, True)


def test_an_empty_file_is_not_opened(folder):
    opened = folder.parent / "opened"
    (folder / "written-by-another-node").touch()
    path = with_program(folder, "dd", f'#!/bin/sh\necho "$@" >>{opened}\n')
    with_program(folder, "cat", f'#!/bin/sh\necho "$@" >>{opened}\nexec /bin/cat "$@"\n')
    found = sample.parse(run(folder, Limits(1 << 20, 20), path=path), Limits(1 << 20, 20))
    assert (found.files, found.size, found.complete) == (4, 3072, True)
    assert f"{folder}/a" in opened.read_text() and "written-by" not in opened.read_text()


def test_sizes_are_asked_of_fuse(folder):
    calls = folder.parent / "calls"
    path = with_program(folder, "stat", f'#!/bin/sh\necho "$1" >>{calls}\nexec /usr/bin/stat "$@"\n')
    run(folder, Limits(1 << 20, 20), path=path)
    assert calls.read_text().splitlines() == ["--cached=never"] * 3


def test_sizes_by_a_stat_that_always_asks_the_kernel(folder):
    path = with_program(folder, "stat", '#!/bin/sh\ncase $1 in --*) exit 1; esac\nexec /usr/bin/stat "$@"\n')
    assert sample.parse(run(folder, Limits(1500, 20), path=path), Limits(1500, 20)).size == 1500


@pytest.mark.parametrize("message", ["Timer expired", "Device timeout"])
@pytest.mark.parametrize("program", ["dd", "cat"])
def test_a_file_that_is_being_written_is_left_out(folder, program, message):
    path = with_program(folder, program, (
        f"#!/bin/sh\ncase $* in *{folder}/a*) echo \"{program}: {folder}/a: {message}\" >&2\n"
        f"test {program} = cat && /bin/cat {folder}/sub/*; exit 1; esac\nexec /bin/{program} \"$@\"\n"))
    found = sample.parse(run(folder, Limits(1 << 20, 20), path=path), Limits(1 << 20, 20))
    assert (found.size, found.complete, found.being_written, found.reading_errors) == (
        2048, False, (f"{folder}/a",), ())


def test_a_sample_of_files_that_could_not_all_be_chosen_is_not_complete(folder):
    path = with_program(folder, "stat", (
        '#!/bin/sh\ncase $* in */sub/*) exec sleep 60; esac\nexec /usr/bin/stat "$@"\n'))
    found = sample.parse(run(folder, Limits(1 << 20, 1), path=path), Limits(1 << 20, 1))
    assert (found.size in (0, 1024), found.complete) == (True, False)


def test_the_durations_of_a_log():
    found = sample.parse(LOG, Limits(1 << 30, 120))
    assert (found.first_seconds, found.second_seconds, found.complete) == (2.01, 0.27, True)


@pytest.mark.parametrize("log", ["", "sh: mktemp: not found", "files 3 100.00 100.50\n"])
def test_a_log_without_a_sample(log):
    assert sample.parse(log, Limits(1 << 30, 120)) is None


def test_errors_are_kept_once():
    log = LOG + "".join(f"error {step} cat: /data/a: Input/output error\n" for step in ("first", "second"))
    assert sample.parse(log, Limits(1 << 30, 120)).reading_errors == ("cat: /data/a: Input/output error",)


@pytest.mark.parametrize(("timeout", "seconds"), [(600, 120), (40, 8), (12, 2), (1, 1)])
def test_the_steps_end_before_the_wait(timeout, seconds):
    assert Limits(1, 120).within(timeout).seconds == seconds


def test_nothing_is_written_outside_the_container(folder):
    volumes = sample.manifest(CACHE, IMAGE, Limits(1, 1), 60)["spec"]["volumes"]
    assert [each for volume in volumes for each in volume if each != "name"] == ["persistentVolumeClaim"]


def test_the_pod_goes_where_the_cache_is():
    preferred = [{"weight": 100, "preference": {}}]
    runtime = {"spec": {"imagePullSecrets": [{"name": "registry"}]}, "status": {
        "cacheAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}}
    tolerations = [{"key": "pool", "operator": "Exists"}]
    spec = sample.manifest(CACHE, IMAGE, Limits(1, 1), 60, runtime, tolerations)["spec"]
    assert spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] == preferred
    assert spec["imagePullSecrets"] == [{"name": "mirror"}, {"name": "registry"}]
    assert spec["tolerations"] == tolerations
    assert sample.manifest(CACHE, IMAGE, Limits(1, 1), 60)["spec"]["affinity"] == {}
