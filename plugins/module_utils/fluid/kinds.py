# SPDX-License-Identifier: GPL-3.0-or-later
"""Fluid's kinds (group data.fluid.io). Pure."""

from __future__ import annotations

from ..k8s.kinds import Kind

FLUID_GROUP = "data.fluid.io"

DATASET = Kind("Dataset", "datasets", FLUID_GROUP, "v1alpha1")
ALLUXIO_RUNTIME = Kind("AlluxioRuntime", "alluxioruntimes", FLUID_GROUP, "v1alpha1")
THIN_RUNTIME = Kind("ThinRuntime", "thinruntimes", FLUID_GROUP, "v1alpha1")
# The kinds that can bind the Dataset of the same name (Fluid: api/v1alpha1/*runtime_types.go). CacheRuntime
# is of Fluid 1.1.
RUNTIMES = (
    ALLUXIO_RUNTIME,
    Kind("JindoRuntime", "jindoruntimes", FLUID_GROUP, "v1alpha1"),
    Kind("JuiceFSRuntime", "juicefsruntimes", FLUID_GROUP, "v1alpha1"),
    THIN_RUNTIME,
    Kind("EFCRuntime", "efcruntimes", FLUID_GROUP, "v1alpha1"),
    Kind("VineyardRuntime", "vineyardruntimes", FLUID_GROUP, "v1alpha1"),
    Kind("GooseFSRuntime", "goosefsruntimes", FLUID_GROUP, "v1alpha1"),
    Kind("CacheRuntime", "cacheruntimes", FLUID_GROUP, "v1alpha1"),
)
# The data operations. Fluid runs each as the Job or CronJob of a Helm release.
DATA_LOAD = Kind("DataLoad", "dataloads", FLUID_GROUP, "v1alpha1")
DATA_MIGRATE = Kind("DataMigrate", "datamigrates", FLUID_GROUP, "v1alpha1")
DATA_PROCESS = Kind("DataProcess", "dataprocesses", FLUID_GROUP, "v1alpha1")
DATA_BACKUP = Kind("DataBackup", "databackups", FLUID_GROUP, "v1alpha1")
OPERATIONS = (DATA_LOAD, DATA_MIGRATE, DATA_PROCESS, DATA_BACKUP)


def owned_by_runtime(name: str, uid: str) -> dict:
    """Return the ownerReference of an object that Kubernetes deletes with an AlluxioRuntime."""
    return {"apiVersion": ALLUXIO_RUNTIME.api_version, "kind": ALLUXIO_RUNTIME.kind, "name": name, "uid": uid}
