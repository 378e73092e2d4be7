# SPDX-License-Identifier: GPL-3.0-or-later
"""The build engine, driven for real with tiny parts: keys, completeness, concurrency, and ends of every kind.
"""

import dataclasses
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from labctl.build import engine, errors, oci, part
from labctl.build.cache import KEPT_VERSIONS, Cache
from labctl.build.part import Part

DEADLINE_SECONDS = 120  # of a machine busy with other things


def write_text(job, text="built"):
    job.run(["sh", "-c", 'printf %s "$1" > "$2"', "sh", text, job.out / "text"])


def copy_need(job, need):
    job.run(["cp", job.needs[need] / "text", job.out / "text"])


def count_and_write(job, counter):
    with open(counter, "a", encoding="ascii") as file:
        file.write("built\n")
    write_text(job)


@pytest.fixture(name="cache")
def fixture_cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture(name="counted")
def fixture_counted(tmp_path):
    """A part that counts how often it is built, and the count so far."""
    counter = tmp_path / "counter"
    made = Part("counted", count_and_write, {"counter": str(counter)})
    return made, lambda: len(counter.read_text(encoding="ascii").splitlines())


def table(*parts):
    return {made.name: made for made in parts}


def build(cache, *parts, report=lambda line: None):
    return engine.build(table(*parts), [made.name for made in parts], cache, report)


def wait_for(condition):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition never became true"
        time.sleep(0.01)


class TestKey:
    @pytest.fixture(name="source")
    def fixture_source(self, tmp_path):
        source = tmp_path / "checkout" / "source"
        source.mkdir(parents=True)
        (source / "main.go").write_text("package main", encoding="ascii")
        return source

    @staticmethod
    def key(source, **changes):
        made = dataclasses.replace(Part("it", write_text, {"text": "a"}, source=source), **changes)
        return part.part_keys(table(Part("need", write_text), made))["it"]

    @pytest.mark.parametrize("change", [
        lambda source: (source / "main.go").write_text("package other", encoding="ascii"),
        lambda source: (source / "main.go").chmod(0o755),
        lambda source: (source / "main.go").rename(source / "renamed.go"),
        lambda source: (source / "new.go").touch(),
    ], ids=["content", "mode", "name", "new file"])
    def test_changes_with_the_source(self, source, change):
        before = self.key(source)
        change(source)
        assert self.key(source) != before

    @pytest.mark.parametrize("change", [
        {"options": {"text": "b"}}, {"code": (oci,)}, {"needs": ("need",)},
        {"name": "it", "recipe": part.part_keys},
    ], ids=["options", "code", "needs", "recipe"])
    def test_changes_with_the_recipe(self, source, change):
        assert self.key(source, **change) != self.key(source)

    def test_changes_with_what_it_needs(self):
        def key(text):
            return part.part_keys(table(Part("need", write_text, {"text": text}),
                                        Part("it", copy_need, {"need": "need"}, needs=("need",))))["it"]

        assert key("a") != key("b")

    def test_is_the_same_in_another_checkout_and_whatever_tools_left_in_this_one(self, source, tmp_path):
        before = self.key(source)
        other = source.rename(tmp_path / "elsewhere")
        (other / "target").mkdir()
        (other / "target" / "main.class").touch()
        assert self.key(other) == before


class TestBuild:
    def test_a_part_gets_what_it_needs(self, cache):
        need = Part("need", write_text, {"text": "from need"})
        folders = engine.build(
            table(Part("it", copy_need, {"need": "need"}, needs=("need",)), need), ["it"], cache, print)
        assert list(folders) == ["it"]
        assert (folders["it"] / "text").read_text(encoding="ascii") == "from need"

    def test_the_second_time_builds_nothing(self, cache, counted):
        made, count = counted
        first = build(cache, made)
        lines = []
        assert build(cache, made, report=lines.append) == first
        assert (count(), lines) == (1, [])

    def test_a_complete_part_needs_nothing_below_it(self, cache, counted):
        need, count = counted
        parts = table(need, Part("it", copy_need, {"need": "counted"}, needs=("counted",)))
        engine.build(parts, ["it"], cache, print)
        (cache.folder("counted", part.part_keys(parts)["counted"]) / ".complete").unlink()
        engine.build(parts, ["it"], cache, print)
        assert count() == 1

    def test_an_incomplete_part_is_built_anew(self, cache, counted):
        made, count = counted
        folder = build(cache, made)["counted"]
        (folder / ".complete").unlink()
        (folder / "half").touch()
        assert build(cache, made)["counted"] == folder
        assert count() == 2
        assert not (folder / "half").exists()

    def test_a_part_whose_work_outside_is_undone_is_built_anew(self, cache, counted):
        made, count = counted
        build(cache, made)
        build(cache, dataclasses.replace(made, still_valid=lambda folder: count() == 2))
        assert count() == 2

    def test_independent_parts_are_built_at_the_same_time(self, cache, tmp_path):
        left, right = (Part(name, meet, {"mine": str(tmp_path / name), "other": str(tmp_path / other)})
                       for name, other in (("left", "right"), ("right", "left")))
        assert set(build(cache, left, right)) == {"left", "right"}

    def test_a_long_step_shows_where_it_is(self, cache, tmp_path, monkeypatch):
        monkeypatch.setattr(engine, "PROGRESS_SECONDS", 0.05)
        seen = tmp_path / "seen"

        def report(line):
            if re.fullmatch(rf"slow: waiting for the test, \d+ s \(log: {cache.log('slow')}\)", line):
                seen.touch()

        build(cache, Part("slow", wait_for_file, {"path": str(seen)}), report=report)

    def test_parts_that_wait_for_their_turn_are_not_in_the_way_of_the_others(
            self, cache, tmp_path, monkeypatch):
        monkeypatch.setattr(engine, "PROGRESS_SECONDS", 0.05)
        seen = tmp_path / "seen"
        before = []

        def report(line):
            if ": working, " in line:
                seen.touch()
            elif not seen.exists():
                before.append(line)

        build(cache, *(Part(name, take_turn, {"path": str(seen)}) for name in ("one", "two")), report=report)
        assert not [line for line in before if "waiting" in line]

    def test_old_versions_go_but_not_the_latest(self, cache):
        for text in "abcd":
            build(cache, Part("it", write_text, {"text": text}))
        kept = {(folder / "text").read_text(encoding="ascii") for folder in cache.parts.glob("it-*")}
        assert kept == set("abcd"[-KEPT_VERSIONS:])


def meet(job, mine, other):
    Path(mine).touch()
    wait_for(Path(other).exists)


def take_turn(job, path):
    with job.turn("compiler", "working"):
        wait_for(Path(path).exists)


def wait_for_file(job, path):
    job.stage = "waiting for the test"
    wait_for(Path(path).exists)


class TestFailure:
    def test_names_part_command_and_log_with_its_end(self, cache):
        with pytest.raises(errors.BuildError) as failure:
            build(cache, Part("it", fail_loudly))
        assert str(failure.value).splitlines() == [
            "part it: command failed: sh -c 'echo the reason; exit 3'",
            f"log: {cache.log('it')}, last lines:",
            "  $ sh -c 'echo the reason; exit 3'",
            "  the reason",
        ]

    def test_an_error_of_the_system_is_told_like_any_other(self, cache):
        with pytest.raises(errors.BuildError, match="part it: .*No such file"):
            build(cache, Part("it", read_nothing))

    def test_leaves_no_part_and_no_scratch(self, cache):
        with pytest.raises(errors.BuildError):
            build(cache, Part("it", fail_loudly))
        assert not list(cache.parts.iterdir())

    def test_stops_the_other_parts(self, cache, tmp_path):
        running = tmp_path / "running"
        with pytest.raises(errors.BuildError, match="part bad"):
            build(cache, Part("long", sleep_long, {"running": str(running)}),
                  Part("bad", fail_after, {"path": str(running)}))
        wait_for(lambda: not alive(running))

    def test_reaches_the_parts_that_need_it(self, cache):
        with pytest.raises(errors.BuildError, match="part bad"):
            engine.build(
                table(Part("bad", fail_loudly), Part("it", copy_need, {"need": "bad"}, needs=("bad",))),
                ["it"], cache, print)


def fail_loudly(job):
    job.run(["sh", "-c", "echo the reason; exit 3"])


def read_nothing(job):
    (job.out / "nothing").read_bytes()


def sleep_long(job, running):
    job.run(["sh", "-c", 'echo $$ > "$1.new"; mv "$1.new" "$1"; exec sleep 600', "sh", running])


def fail_after(job, path):
    wait_for(Path(path).exists)
    fail_loudly(job)


def alive(pid_file):
    """Whether the process runs; a zombie that nobody has reaped yet does not."""
    try:
        status = Path("/proc", pid_file.read_text(encoding="ascii").strip(), "stat").read_text(
            encoding="ascii")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


class TestProcesses:
    """Other processes at the same cache, as a second `lab up` or a killed one would be."""

    SCRIPT = textwrap.dedent("""
        import importlib.util, sys
        from pathlib import Path
        sys.path.insert(0, {lab!r})
        spec = importlib.util.spec_from_file_location("tests_of_engine", {tests!r})
        tests = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = tests
        spec.loader.exec_module(tests)
        part = tests.Part({name!r}, getattr(tests, {recipe!r}), {options!r})
        tests.build(tests.Cache(Path({cache!r})), part)
    """)

    def start(self, cache, recipe, **options):
        script = self.SCRIPT.format(
            lab=str(Path(engine.__file__).parents[2]), tests=__file__, cache=str(cache.root),
            name="it", recipe=recipe, options=options)
        return subprocess.Popen([sys.executable, "-c", script])

    def test_two_at_once_build_it_once(self, cache, tmp_path):
        counter = tmp_path / "counter"
        builders = [self.start(cache, "count_and_write", counter=str(counter)) for _ in range(2)]
        assert [builder.wait(DEADLINE_SECONDS) for builder in builders] == [0, 0]
        assert counter.read_text(encoding="ascii") == "built\n"

    def test_after_kill_9_the_next_one_starts_over_and_nothing_runs_on(self, cache, tmp_path):
        running = tmp_path / "running"
        builder = self.start(cache, "sleep_long", running=str(running))
        wait_for(running.exists)
        os.kill(builder.pid, signal.SIGKILL)
        builder.wait(DEADLINE_SECONDS)
        wait_for(lambda: not alive(running))
        assert [path.name[0]
                for path in cache.parts.iterdir()] == ["."], "only the scratch folder of the killed build"
        sleeper = Part("it", sleep_long, {"running": str(running)})
        folder = cache.folder("it", part.part_keys(table(sleeper))["it"])
        with cache.new(folder):
            assert len(list(cache.parts.iterdir())) == 1, "that folder is gone once the next build begins"
