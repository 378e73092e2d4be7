# SPDX-License-Identifier: GPL-3.0-or-later
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds


def test_every_runtime_that_fluid_defines_can_bind_a_dataset():
    # The *runtimes.data.fluid.io definitions of the charts of Fluid 1.0.8 and, with cacheruntimes, 1.1.
    assert {kind.plural for kind in fluid_kinds.RUNTIMES} == {
        "alluxioruntimes", "cacheruntimes", "efcruntimes", "goosefsruntimes", "jindoruntimes",
        "juicefsruntimes", "thinruntimes", "vineyardruntimes"}


def test_fluids_kinds_are_of_one_group_and_version():
    assert {kind.api_version for kind in (fluid_kinds.DATASET, *fluid_kinds.RUNTIMES)} == {
        "data.fluid.io/v1alpha1"}
    assert all(kind.namespaced for kind in (fluid_kinds.DATASET, *fluid_kinds.RUNTIMES))
