// Command coredns is CoreDNS with the plugins that the test cluster's Corefile names, and no others:
// the full set would bring the client libraries of every cloud into the build.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
)

// The order is the order in which plugins see a query.
func init() {
	dnsserver.Directives = []string{"bind", "health", "errors", "kubernetes"}
}

func main() {
	coremain.Run()
}
