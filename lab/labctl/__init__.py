# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab: a small Kubernetes with Fluid and Alluxio on one machine."""
