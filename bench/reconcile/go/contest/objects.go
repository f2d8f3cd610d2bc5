// Package contest is what the programs of the bench share: the objects that all of them write, workers, costs, and how they are told what to do.
package contest

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
)

// Object is one that is to be in the cluster.
type Object struct {
	Wanted *unstructured.Unstructured
	Body   []byte // the same as JSON
	UID    string // as the last answer said; empty: not known to exist
}

// Set is all of them, in the order of the file.
type Set struct {
	Namespace string
	Objects   []*Object
}

// Key names an object in a set.
func (o *Object) Key() string { return o.Wanted.GetKind() + "/" + o.Wanted.GetName() }

// Resource is where the API has objects of this kind. The bench knows its four kinds: asking the server would be counted.
func (o *Object) Resource() schema.GroupVersionResource {
	gvk := o.Wanted.GroupVersionKind()
	return gvk.GroupVersion().WithResource(strings.ToLower(gvk.Kind) + "s")
}

// Resources has each resource of the set once.
func (s *Set) Resources() []schema.GroupVersionResource {
	var all []schema.GroupVersionResource
	seen := map[schema.GroupVersionResource]bool{}
	for _, o := range s.Objects {
		if r := o.Resource(); !seen[r] {
			seen[r] = true
			all = append(all, r)
		}
	}
	return all
}

// Read takes manifests from a file, one a line.
func Read(path string) (*Set, error) {
	set := &Set{}
	err := eachLine(path, func(line []byte) error {
		o := &Object{Wanted: &unstructured.Unstructured{}, Body: append([]byte(nil), line...)}
		if err := json.Unmarshal(line, &o.Wanted.Object); err != nil {
			return err
		}
		set.Objects = append(set.Objects, o)
		set.Namespace = o.Wanted.GetNamespace()
		return nil
	})
	return set, err
}

// Change replaces those that a file has by what it says of them, and returns them.
func (s *Set) Change(path string) ([]*Object, error) {
	changes, err := Read(path)
	if err != nil {
		return nil, err
	}
	byKey := map[string]*Object{}
	for _, o := range s.Objects {
		byKey[o.Key()] = o
	}
	var changed []*Object
	for _, c := range changes.Objects {
		o := byKey[c.Key()]
		if o == nil {
			return nil, fmt.Errorf("%s is not in the set", c.Key())
		}
		o.Wanted, o.Body = c.Wanted, c.Body
		changed = append(changed, o)
	}
	return changed, nil
}

func eachLine(path string, f func([]byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if err := f(lines.Bytes()); err != nil {
			return err
		}
	}
	return lines.Err()
}
