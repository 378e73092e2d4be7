# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that declare a whole cache."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  dataset:
    description:
      - Name, namespace and options of the Dataset, as in M(datacache.fluid.dataset).
      - An unknown key, or a value of another type, is refused here and in the other options.
    type: dict
    required: true
  runtime:
    description: Name, namespace and options of the runtime, as in M(datacache.fluid.alluxio_runtime).
    type: dict
    required: true
  volume:
    description: Name, namespace and options of the volume, as in M(datacache.fluid.dataset_volume).
    type: dict
"""
