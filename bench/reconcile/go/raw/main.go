// Command raw is the limit: manifests that are bytes already, over one HTTP/2 connection, answers read and thrown away.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"k8s.io/client-go/rest"
	"orchestration.test/reconcile/contest"
)

type client struct {
	*contest.Program
	http *http.Client
}

func (c *client) request(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.Config.Host+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", "application/json")
	if c.Config.BearerToken != "" {
		request.Header.Set("Authorization", "Bearer "+c.Config.BearerToken)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	return answer, err
}

func (c *client) folder(o *contest.Object) string {
	r := o.Resource()
	if r.Group == "" {
		return "/api/" + r.Version + "/namespaces/" + o.Wanted.GetNamespace() + "/" + r.Resource
	}
	return "/apis/" + r.Group + "/" + r.Version + "/namespaces/" + o.Wanted.GetNamespace() + "/" + r.Resource
}

func (c *client) apply(ctx context.Context, o *contest.Object) error {
	_, err := c.request(ctx, "PATCH", c.folder(o)+"/"+o.Wanted.GetName()+"?fieldManager=raw&force=true", "application/apply-patch+yaml", o.Body)
	return err
}

func (c *client) delete(ctx context.Context, o *contest.Object) error {
	_, err := c.request(ctx, "DELETE", c.folder(o)+"/"+o.Wanted.GetName(), "application/json",
		[]byte(`{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Foreground"}`))
	return err
}

// Is anything left of what was written? Kubernetes has a config map of its own in every namespace.
func (c *client) left(ctx context.Context) (bool, error) {
	seen := map[string]bool{}
	for _, o := range c.Set.Objects {
		folder := c.folder(o)
		if seen[folder] {
			continue
		}
		seen[folder] = true
		answer, err := c.request(ctx, "GET", folder+"?limit=2", "application/json", nil)
		if err != nil {
			return false, err
		}
		var list struct {
			Items []struct{ Metadata struct{ Name string } }
		}
		if err := json.Unmarshal(answer, &list); err != nil {
			return false, err
		}
		for _, item := range list.Items {
			if item.Metadata.Name != "kube-root-ca.crt" {
				return true, nil
			}
		}
	}
	return false, nil
}

func main() {
	p := contest.Start()
	tls, err := rest.TLSConfigFor(p.Config)
	if err != nil {
		contest.Die(err)
	}
	c := &client{p, &http.Client{Transport: p.Counter.Wrap(&http.Transport{TLSClientConfig: tls, ForceAttemptHTTP2: true})}}
	applyAll := func(ctx context.Context, _ []string) (map[string]any, error) {
		return nil, contest.Each(p.Workers, p.Set.Objects, func(o *contest.Object) error { return c.apply(ctx, o) })
	}
	p.Serve(map[string]contest.Phase{
		"create": applyAll,
		"again":  applyAll,
		// the limit: it is told what has changed
		"change": func(ctx context.Context, arguments []string) (map[string]any, error) {
			changed, err := p.Set.Change(arguments[0])
			if err != nil {
				return nil, err
			}
			return nil, contest.Each(p.Workers, changed, func(o *contest.Object) error { return c.apply(ctx, o) })
		},
		"delete": func(ctx context.Context, _ []string) (map[string]any, error) {
			if err := contest.Each(p.Workers, p.Set.Objects, func(o *contest.Object) error { return c.delete(ctx, o) }); err != nil {
				return nil, err
			}
			return nil, contest.UntilGone(ctx, c.left)
		},
	})
}
