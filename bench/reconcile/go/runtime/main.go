// Command runtime works as a controller does: controller-runtime's client and cache, a queue, workers that compare what is in the cache
// with what is wanted and apply what differs. Events bring objects back into the queue.
package main

import (
	"context"
	"sync"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	clientcache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"orchestration.test/reconcile/contest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const manager = "controller-runtime"

type controller struct {
	*contest.Program
	client   client.Client
	cache    cache.Cache
	queue    workqueue.TypedRateLimitingInterface[string]
	mutex    sync.Mutex
	wanted   map[string]*contest.Object
	deleting bool
	number   int // of the pass
	pending  map[string]bool
	failed   error
	finished chan struct{}
}

func empty(kind string) client.Object {
	switch kind {
	case "ConfigMap":
		return &corev1.ConfigMap{}
	case "Secret":
		return &corev1.Secret{}
	case "Service":
		return &corev1.Service{}
	case "Deployment":
		return &appsv1.Deployment{}
	}
	return nil
}

// Is all of what is wanted in what was found? What others and defaults have added counts for nothing.
func isWithin(wanted, found any) bool {
	switch w := wanted.(type) {
	case map[string]any:
		f, ok := found.(map[string]any)
		for key, value := range w {
			// what is empty is not stored
			if m, isMap := value.(map[string]any); (isMap && len(m) == 0) || (ok && isWithin(value, f[key])) {
				continue
			}
			return false
		}
		return true
	case []any:
		f, ok := found.([]any)
		if !ok || len(f) != len(w) {
			return false
		}
		for i := range w {
			if !isWithin(w[i], f[i]) {
				return false
			}
		}
		return true
	}
	return wanted == found
}

func isAsWanted(wanted *unstructured.Unstructured, found client.Object) bool {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(found)
	if err != nil {
		return false
	}
	for part, value := range wanted.Object {
		// the cache's objects do not say what they are
		if part != "apiVersion" && part != "kind" && !isWithin(value, content[part]) {
			return false
		}
	}
	return true
}

// What is wanted of an object now; of nothing that is not ours.
func (c *controller) look(key string) (wanted *unstructured.Unstructured, deleting bool, pass int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if o := c.wanted[key]; o != nil {
		wanted = o.Wanted
	}
	return wanted, c.deleting, c.number
}

// One turn for one object; true when it is as it is to be.
func (c *controller) reconcile(ctx context.Context, wanted *unstructured.Unstructured, deleting bool) (bool, error) {
	if wanted == nil {
		return true, nil
	}
	found := empty(wanted.GetKind())
	err := c.client.Get(ctx, client.ObjectKeyFromObject(wanted), found)
	switch {
	case err != nil && !apierrors.IsNotFound(err):
		return false, err
	case deleting && err != nil:
		return true, nil
	case deleting:
		if found.GetDeletionTimestamp() != nil {
			return false, nil
		}
		uid := found.GetUID()
		return false, client.IgnoreNotFound(c.client.Delete(ctx, found, client.PropagationPolicy(metav1.DeletePropagationForeground), client.Preconditions{UID: &uid}))
	case err == nil && isAsWanted(wanted, found):
		return true, nil
	}
	// what came back is not kept: the cache will have it
	return true, c.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(wanted.DeepCopy()), client.FieldOwner(manager), client.ForceOwnership)
}

func (c *controller) work(ctx context.Context) {
	for {
		key, ended := c.queue.Get()
		if ended {
			return
		}
		wanted, deleting, pass := c.look(key)
		done, err := c.reconcile(ctx, wanted, deleting)
		c.queue.Done(key)
		c.mutex.Lock()
		if err != nil {
			c.failed = err
		}
		// one that began before the pass has seen what was wanted then; the queue brings it again
		if pass == c.number && (err != nil || done) {
			delete(c.pending, key)
		}
		if len(c.pending) == 0 && c.finished != nil {
			close(c.finished)
			c.finished = nil
		}
		c.mutex.Unlock()
	}
}

// All objects once through the queue, and for deletion until they are gone.
func (c *controller) pass(ctx context.Context, deleting bool) error {
	finished := make(chan struct{})
	c.mutex.Lock()
	c.number++
	c.deleting, c.failed, c.finished, c.pending = deleting, nil, finished, map[string]bool{}
	for key := range c.wanted {
		c.pending[key] = true
	}
	c.mutex.Unlock()
	for _, o := range c.Set.Objects {
		c.queue.Add(o.Key())
	}
	select {
	case <-finished:
		return c.failed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *controller) want() {
	c.wanted = map[string]*contest.Object{}
	for _, o := range c.Set.Objects {
		c.wanted[o.Key()] = o
	}
}

func (c *controller) connect(ctx context.Context) error {
	config := rest.CopyConfig(c.Config)
	http, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	mapper, err := apiutil.NewDynamicRESTMapper(config, http)
	if err != nil {
		return err
	}
	c.cache, err = cache.New(config, cache.Options{HTTPClient: http, Scheme: clientgoscheme.Scheme, Mapper: mapper,
		DefaultNamespaces: map[string]cache.Config{c.Set.Namespace: {}}})
	if err != nil {
		return err
	}
	c.client, err = client.New(config, client.Options{HTTPClient: http, Scheme: clientgoscheme.Scheme, Mapper: mapper, Cache: &client.CacheOptions{Reader: c.cache}})
	if err != nil {
		return err
	}
	go func() { _ = c.cache.Start(ctx) }()
	for _, kind := range []string{"ConfigMap", "Secret", "Service", "Deployment"} {
		informer, err := c.cache.GetInformer(ctx, empty(kind))
		if err != nil {
			return err
		}
		enqueue := func(object any) {
			if deleted, ok := object.(clientcache.DeletedFinalStateUnknown); ok {
				object = deleted.Obj
			}
			c.queue.Add(kind + "/" + object.(client.Object).GetName())
		}
		if _, err := informer.AddEventHandler(clientcache.ResourceEventHandlerFuncs{AddFunc: enqueue, UpdateFunc: func(_, now any) { enqueue(now) }, DeleteFunc: enqueue}); err != nil {
			return err
		}
	}
	c.cache.WaitForCacheSync(ctx)
	return nil
}

func main() {
	log.SetLogger(logr.Discard())
	ctx := context.Background()
	c := &controller{Program: contest.Start(), queue: workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())}
	c.want()
	if err := c.connect(ctx); err != nil {
		contest.Die(err)
	}
	for range c.Workers {
		go c.work(ctx)
	}
	whole := func(deleting bool) contest.Phase {
		return func(ctx context.Context, _ []string) (map[string]any, error) { return nil, c.pass(ctx, deleting) }
	}
	empty := contest.Live()
	c.Serve(map[string]contest.Phase{
		"create": whole(false),
		"again":  whole(false),
		"change": func(ctx context.Context, arguments []string) (map[string]any, error) {
			c.mutex.Lock()
			_, err := c.Set.Change(arguments[0])
			c.mutex.Unlock()
			if err != nil {
				return nil, err
			}
			return nil, c.pass(ctx, false)
		},
		// what the cache takes, and the caches of the client beside it
		"hold": func(context.Context, []string) (map[string]any, error) {
			return map[string]any{"held": len(c.Set.Objects), "bytes_per_object": 1024 * (contest.Live() - empty) / max(len(c.Set.Objects), 1)}, nil
		},
		"delete": whole(true),
	})
}
