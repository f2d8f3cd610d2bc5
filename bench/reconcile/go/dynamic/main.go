// Command dynamic writes with client-go's dynamic client: server-side apply or create, no rate limit, no memory of what it did but uids.
package main

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"orchestration.test/reconcile/contest"
)

const manager = "client-go"

type client struct {
	*contest.Program
	dynamic *dynamic.DynamicClient
}

func (c *client) at(o *contest.Object) dynamic.ResourceInterface {
	return c.dynamic.Resource(o.Resource()).Namespace(o.Wanted.GetNamespace())
}

func (c *client) apply(ctx context.Context, o *contest.Object) error {
	answer, err := c.at(o).Apply(ctx, o.Wanted.GetName(), o.Wanted, metav1.ApplyOptions{FieldManager: manager, Force: true})
	if err == nil {
		o.UID = string(answer.GetUID())
	}
	return err
}

func (c *client) create(ctx context.Context, o *contest.Object) error {
	answer, err := c.at(o).Create(ctx, o.Wanted, metav1.CreateOptions{FieldManager: manager})
	if err == nil {
		o.UID = string(answer.GetUID())
	}
	return err
}

func (c *client) delete(ctx context.Context, o *contest.Object) error {
	uid, policy := types.UID(o.UID), metav1.DeletePropagationForeground
	return c.at(o).Delete(ctx, o.Wanted.GetName(), metav1.DeleteOptions{PropagationPolicy: &policy, Preconditions: &metav1.Preconditions{UID: &uid}})
}

func (c *client) left(ctx context.Context) (bool, error) {
	for _, resource := range c.Set.Resources() {
		list, err := c.dynamic.Resource(resource).Namespace(c.Set.Namespace).List(ctx, metav1.ListOptions{Limit: 2})
		if err != nil {
			return false, err
		}
		for _, item := range list.Items {
			if item.GetName() != "kube-root-ca.crt" {
				return true, nil
			}
		}
	}
	return false, nil
}

// What it takes to hold all that is there, as informers do.
func (c *client) hold(ctx context.Context, _ []string) (map[string]any, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	before := contest.Live()
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(c.dynamic, 0, c.Set.Namespace, nil)
	held := 0
	for _, resource := range c.Set.Resources() {
		factory.ForResource(resource).Informer()
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	time.Sleep(time.Second)
	after := contest.Live()
	for _, resource := range c.Set.Resources() {
		held += len(factory.ForResource(resource).Informer().GetStore().ListKeys())
	}
	return map[string]any{"held": held, "bytes_per_object": 1024 * (after - before) / max(held, 1)}, nil
}

func main() {
	p := contest.Start()
	under, err := dynamic.NewForConfig(p.Config)
	if err != nil {
		contest.Die(err)
	}
	c := &client{p, under}
	all := func(f func(context.Context, *contest.Object) error) contest.Phase {
		return func(ctx context.Context, _ []string) (map[string]any, error) {
			return nil, contest.Each(p.Workers, p.Set.Objects, func(o *contest.Object) error { return f(ctx, o) })
		}
	}
	applyAll, deleteAll := all(c.apply), all(c.delete)
	p.Serve(map[string]contest.Phase{
		"create": applyAll,
		"post":   all(c.create),
		"again":  applyAll,
		// it does not know what has changed
		"change": func(ctx context.Context, arguments []string) (map[string]any, error) {
			if _, err := p.Set.Change(arguments[0]); err != nil {
				return nil, err
			}
			return applyAll(ctx, nil)
		},
		"hold": c.hold,
		"delete": func(ctx context.Context, _ []string) (map[string]any, error) {
			if answer, err := deleteAll(ctx, nil); err != nil {
				return answer, err
			}
			return nil, contest.UntilGone(ctx, c.left)
		},
	})
}
