// SPDX-License-Identifier: GPL-3.0-or-later

//go:build tools

// Package tools keeps Helm's command among the module's requirements; the command itself is built as it is.
package tools

import _ "helm.sh/helm/v3/cmd/helm"
