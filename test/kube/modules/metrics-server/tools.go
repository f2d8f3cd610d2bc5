//go:build tools

// Package tools pins what build.sh compiles; nothing imports it.
package tools

import (
	_ "sigs.k8s.io/metrics-server/cmd/metrics-server"
)
