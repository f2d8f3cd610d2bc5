package contest

import (
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Counter counts requests on their way to the server.
type Counter struct {
	Requests, Writes atomic.Int64
}

type counting struct {
	*Counter
	next http.RoundTripper
}

// Wrap is for rest.Config.Wrap.
func (c *Counter) Wrap(next http.RoundTripper) http.RoundTripper { return counting{c, next} }

func (c counting) RoundTrip(request *http.Request) (*http.Response, error) {
	c.Requests.Add(1)
	if request.Method != http.MethodGet {
		c.Writes.Add(1)
	}
	return c.next.RoundTrip(request)
}

// CPU is what this process has used, in seconds.
func CPU() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return float64(used.Utime.Sec+used.Stime.Sec) + float64(used.Utime.Usec+used.Stime.Usec)/1e6
}

// Memory is RssAnon in kB.
func Memory() int {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.SplitSeq(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb
		}
	}
	return 0
}

// Live is RssAnon in kB when everything that is not needed has been given back.
func Live() int {
	for range 2 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	return Memory()
}
