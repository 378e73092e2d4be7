# SPDX-License-Identifier: GPL-3.0-or-later
# Every target makes ready what it needs: a virtual environment, the built and installed collection, a lab.
# With KUBECONFIG set, demo, test, check, api-test, scenario, alone, jobs, rulebook, operations, bench and
# raft use that cluster and start no lab.

RUN := python3 tests/tools/run.py

STAGES := unit docs matrix lint sanity lab-test page-test metrics-test api-test scenario alone jobs rulebook operations

.PHONY: help demo test test-all check $(STAGES) bench raft build lab-down shell lock generate clean

help:
	@$(RUN) --help

demo test test-all check $(STAGES) bench raft build lab-down shell lock generate clean:
	@$(RUN) $@
