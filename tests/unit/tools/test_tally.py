# SPDX-License-Identifier: GPL-3.0-or-later
"""The last line of `make test` counts what the reports say, and a program that failed without a report."""

import pytest
from toolbox import tally
from toolbox.tally import Tally

JUNIT = """\
<testsuites><testsuite name="pytest">
  <testcase name="good"/>
  <testcase name="also good"><system-out>words</system-out></testcase>
  <testcase name="bad"><failure message="assert"/></testcase>
  <testcase name="broken"><error message="fixture"/></testcase>
  <testcase name="not now"><skipped message="no lab"/></testcase>
</testsuite></testsuites>
"""

MOLECULE = """\
INFO     default > converge: Executing
TASK [Deploy] ****
INFO     default > converge: Executed: Successful
WARNING  default > side_effect: Executed: Missing playbook (Remove from test_sequence to suppress)
\x1b[31mERROR   \x1b[0m default > verify: Executed: Failed

default > converge: Executed: Successful
default > verify: Executed: Failed
"""


def test_junit_files_are_summed_and_skipped_cases_left_out(tmp_path):
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_text(JUNIT)
    assert tally.of_junit(tmp_path.glob("*.xml")) == Tally(passed=4, failed=4)


def test_molecule_s_steps_are_counted_once_and_a_missing_one_has_failed(tmp_path):
    log = tmp_path / "log"
    log.write_text(MOLECULE)
    assert tally.of_molecule(log) == Tally(passed=1, failed=2)


@pytest.mark.parametrize(("counted", "code", "judged"), [
    pytest.param(Tally(3, 0), 0, Tally(3, 0), id="passed"),
    pytest.param(Tally(3, 1), 1, Tally(3, 1), id="the failure is counted already"),
    pytest.param(Tally(3, 0), 2, Tally(3, 1), id="ended without saying what failed"),
    pytest.param(Tally(0, 0), 124, Tally(0, 1), id="ended late, before any report"),
])
def test_a_program_that_fails_counts_at_least_one_failure(counted, code, judged):
    assert counted.judged_by(code) == judged


def test_the_sum_reads_as_ci_expects():
    assert str(Tally(2, 0) + Tally(1, 3)) == "3 passed, 3 failed"
