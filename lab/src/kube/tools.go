// SPDX-License-Identifier: GPL-3.0-or-later

//go:build tools

// Package tools keeps kubectl among the module's requirements; the command itself is built as it is.
package tools

import _ "k8s.io/kubernetes/cmd/kubectl"
