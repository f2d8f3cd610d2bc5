//go:build tools

// Package tools pins what build.sh compiles; nothing imports it.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
)
