package contest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// What takes longer than this will never end.
const limit = 20 * time.Minute

// Phase does what one line of input asks for; what it returns is added to the answer.
type Phase func(ctx context.Context, arguments []string) (map[string]any, error)

// Program is what every contender has.
type Program struct {
	Config  *rest.Config
	Set     *Set
	Workers int
	Counter *Counter
}

// Start reads flags and files. There is no rate limit.
func Start() *Program {
	kubeconfig := flag.String("kubeconfig", "", "file that says which server")
	objects := flag.String("objects", "", "file of manifests, one a line")
	workers := flag.Int("workers", 32, "requests in flight")
	flag.Parse()
	p := &Program{Set: &Set{}, Workers: *workers, Counter: &Counter{}}
	var err error
	if p.Config, err = clientcmd.BuildConfigFromFlags("", *kubeconfig); err != nil {
		Die(err)
	}
	p.Config.QPS = -1
	p.Config.Wrap(p.Counter.Wrap)
	if *objects != "" {
		if p.Set, err = Read(*objects); err != nil {
			Die(err)
		}
	}
	return p
}

// Die ends the program.
func Die(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Serve does phase after phase, each named by a line of input with its arguments, and answers each with a line of JSON: how long it
// took, how many requests were sent. "cost" says what the process has used so far, "live" how much memory it needs.
func (p *Program) Serve(phases map[string]Phase) {
	phases["cost"] = func(context.Context, []string) (map[string]any, error) {
		return map[string]any{"cpu": CPU(), "rss_anon_kb": Memory()}, nil
	}
	phases["live"] = func(context.Context, []string) (map[string]any, error) {
		return map[string]any{"live_kb": Live()}, nil
	}
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		words := strings.Fields(input.Text())
		phase := phases[words[0]]
		if phase == nil {
			Die(fmt.Errorf("there is no phase %q", words[0]))
		}
		requests, writes, began := p.Counter.Requests.Load(), p.Counter.Writes.Load(), time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		answer, err := phase(ctx, words[1:])
		cancel()
		if answer == nil {
			answer = map[string]any{}
		}
		if answer["seconds"] == nil {
			answer["seconds"] = time.Since(began).Seconds()
		}
		answer["requests"] = p.Counter.Requests.Load() - requests
		answer["writes"] = p.Counter.Writes.Load() - writes
		if err != nil {
			answer["error"] = err.Error()
		}
		line, _ := json.Marshal(answer)
		fmt.Println(string(line))
	}
}

// Each calls f for all objects, so many at a time; the first error ends it.
func Each[T any](workers int, of []T, f func(T) error) error {
	var next atomic.Int64
	var group sync.WaitGroup
	failed := make([]error, workers)
	for w := range workers {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(of) {
					return
				}
				if failed[w] = f(of[i]); failed[w] != nil {
					next.Store(int64(len(of)))
					return
				}
			}
		})
	}
	group.Wait()
	return errors.Join(failed...)
}

// UntilGone asks ten times a second until nothing is left.
func UntilGone(ctx context.Context, left func(context.Context) (bool, error)) error {
	for {
		some, err := left(ctx)
		if err != nil || !some {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(100 * time.Millisecond)
	}
}
