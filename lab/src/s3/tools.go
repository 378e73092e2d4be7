// SPDX-License-Identifier: GPL-3.0-or-later

//go:build tools

// Package tools keeps the gateway's command among the module's requirements; the command itself is built as it is.
package tools

import _ "github.com/versity/versitygw/cmd/versitygw"
