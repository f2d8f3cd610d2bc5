// Stub plays an API server that costs next to nothing, holds as many objects as it is told to, and sends events as fast as they are
// read: what is measured against it is the client. Lines of its input are orders, each answered with a line of JSON:
//
//	pods PER           pods for each deployment, that many, and deployments that say so
//	clone NS NAME ID FIRST COUNT
//	                   copies NAME-1.. of a deployment and its pods, whose row is ID, for the rows FIRST + 1..
//	same COUNT RATE    events on all watches that say nothing new: another version of what is there; RATE a second, 0: as fast as they are read
//	bookmarks COUNT RATE
//	                   the same, bookmarks
//	change COUNT RATE  events of pods whose status has changed, each of another pod as long as there are enough
//	count              what there is, and how many writes were asked for
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Server is all that there is.
type Server struct {
	sync.Mutex
	version     int64
	collections map[string]*Collection
	writes      int64
	changes     int
}

// Collection is what one path lists, of all namespaces.
type Collection struct {
	path    string
	objects map[string]*Object // by namespace/name
	order   []*Object
	watches []*Watch
	last    int64 // version of the last event
}

// Object is JSON around its version.
type Object struct {
	key, before, after string
	version            int64
	fields             map[string]any // NULL for copies
}

func (o *Object) text() string { return fmt.Sprintf("%s%d%s", o.before, o.version, o.after) }

// Watch is a stream, and what it has still to send.
type Watch struct {
	ready   chan struct{}
	pending []string
	ended   bool
}

const mark = "@version@"

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "stub:", err)
		os.Exit(1)
	}
}

func object(fields map[string]any, key string) map[string]any {
	inner, _ := fields[key].(map[string]any)
	return inner
}

// the fields of an applied body as a managedFields entry has them, coarsely: no list is keyed
func owned(value any) map[string]any {
	fields := map[string]any{}
	if of, ok := value.(map[string]any); ok {
		for key, inner := range of {
			fields["f:"+key] = owned(inner)
		}
	}
	return fields
}

func merge(old, new any) any {
	of, ok := old.(map[string]any)
	with, is := new.(map[string]any)
	if !ok || !is {
		return new
	}
	out := map[string]any{}
	for key, value := range of {
		out[key] = value
	}
	for key, value := range with {
		if value == nil {
			delete(out, key)
		} else {
			out[key] = merge(out[key], value)
		}
	}
	return out
}

func now() string { return time.Now().UTC().Format(time.RFC3339) }

func (s *Server) collection(path string) *Collection {
	c := s.collections[path]
	if c == nil {
		c = &Collection{path: path, objects: map[string]*Object{}}
		s.collections[path] = c
	}
	return c
}

// collection, namespace, name
func split(path string) (string, string, string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	base := 2
	if parts[0] == "apis" {
		base = 3
	}
	rest, namespace, name := parts[base:], "", ""
	if len(rest) >= 3 && rest[0] == "namespaces" {
		namespace, rest = rest[1], rest[2:]
	}
	if len(rest) > 1 {
		name = rest[1]
	}
	return strings.Join(parts[:base], "/") + "/" + rest[0], namespace, name
}

func (c *Collection) tell(kind, text string) {
	for _, w := range c.watches {
		w.pending = append(w.pending, `{"type":"`+kind+`","object":`+text+"}\n")
		select {
		case w.ready <- struct{}{}:
		default:
		}
	}
}

// Stores what is there now; the lock is held.
func (s *Server) store(c *Collection, key string, fields map[string]any) *Object {
	s.version++
	kind, o := "MODIFIED", c.objects[key]
	if o == nil {
		kind, o = "ADDED", &Object{key: key}
		c.objects[key] = o
		c.order = append(c.order, o)
	}
	object(fields, "metadata")["resourceVersion"] = mark
	text, err := json.Marshal(fields)
	fail(err)
	o.before, o.after, _ = strings.Cut(string(text), mark)
	o.version, o.fields, c.last = s.version, fields, s.version
	c.tell(kind, o.text())
	return o
}

func (s *Server) remove(c *Collection, o *Object) {
	s.version++
	o.version, c.last = s.version, s.version
	delete(c.objects, o.key)
	for i := range c.order {
		if c.order[i] == o {
			c.order = append(c.order[:i], c.order[i+1:]...)
			break
		}
	}
	c.tell("DELETED", o.text())
}

// What a workload has made goes with it.
func (s *Server) removePods(key string) {
	c := s.collection(pods)
	for i := 1; ; i++ {
		o := c.objects[fmt.Sprintf("%s-7c5ddbdf54-%05d", key, i)]
		if o == nil {
			return
		}
		s.remove(c, o)
	}
}

func answer(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text)
}

func refuse(w http.ResponseWriter, code int, reason string) {
	answer(w, code, fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q,"message":%q}`, code, reason, reason))
}

// ServeHTTP answers one request; of selectors it takes no notice: everything is ours.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/version" {
		answer(w, 200, `{"major":"1","minor":"36","gitVersion":"v1.36.0-stub"}`)
		return
	}
	path, namespace, name := split(r.URL.Path)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	query := r.URL.Query()
	if query.Get("watch") != "" {
		s.watch(w, r, path)
		return
	}
	s.Lock()
	defer s.Unlock()
	c := s.collection(path)
	o := c.objects[namespace+"/"+name]
	switch {
	case r.Method == "GET" && name == "":
		answer(w, 200, s.page(c, query.Get("limit"), query.Get("continue")))
	case r.Method == "GET" && o == nil:
		refuse(w, 404, "NotFound")
	case r.Method == "GET":
		answer(w, 200, o.text())
	case r.Method == "DELETE" && o == nil:
		refuse(w, 404, "NotFound")
	case r.Method == "DELETE":
		s.writes++
		s.remove(c, o)
		s.removePods(o.key)
		answer(w, 200, o.text())
	default:
		s.write(w, r, c, namespace, name, o, body)
	}
}

// A page of a list; where it goes on is a number, as nothing is deleted meanwhile.
func (s *Server) page(c *Collection, limit, from string) string {
	most, begin := len(c.order), 0
	_, _ = fmt.Sscan(limit, &most)
	_, _ = fmt.Sscan(from, &begin)
	end := min(begin+most, len(c.order))
	var out strings.Builder
	fmt.Fprintf(&out, `{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"%d"`, s.version)
	if end < len(c.order) {
		fmt.Fprintf(&out, `,"continue":"%d"`, end)
	}
	out.WriteString(`},"items":[`)
	for i, o := range c.order[min(begin, end):end] {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(o.text())
	}
	out.WriteString("]}")
	return out.String()
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, c *Collection, namespace, name string, o *Object, body []byte) {
	var sent map[string]any
	if err := json.Unmarshal(body, &sent); err != nil {
		refuse(w, 400, "BadRequest")
		return
	}
	given := object(sent, "metadata")
	if name == "" {
		name, _ = given["name"].(string)
	}
	version, _ := given["resourceVersion"].(string)
	if o != nil && (r.Method == "POST" || (version != "" && version != fmt.Sprint(o.version))) {
		refuse(w, 409, map[bool]string{true: "AlreadyExists", false: "Conflict"}[r.Method == "POST"])
		return
	}
	is_apply := strings.Contains(r.Header.Get("Content-Type"), "apply")
	if o == nil && r.Method == "PATCH" && !is_apply {
		refuse(w, 404, "NotFound")
		return
	}
	made := map[string]any{"name": name, "uid": fmt.Sprintf("%08x-0000-4000-8000-000000000000", s.version+1), "creationTimestamp": now(), "generation": 1}
	if namespace != "" {
		made["namespace"] = namespace
	}
	code, fields := 201, sent
	if o != nil {
		code = 200
		var old map[string]any
		fail(json.Unmarshal([]byte(o.text()), &old))
		for _, key := range []string{"uid", "creationTimestamp", "generation"} {
			made[key] = object(old, "metadata")[key]
		}
		if r.Method == "PATCH" {
			fields = merge(old, sent).(map[string]any)
		}
	}
	if is_apply {
		delete(given, "uid")
		delete(given, "resourceVersion")
		made["managedFields"] = []any{map[string]any{"manager": r.URL.Query().Get("fieldManager"), "operation": "Apply", "fieldsType": "FieldsV1",
			"apiVersion": sent["apiVersion"], "time": now(), "fieldsV1": owned(sent)}}
	}
	fields["metadata"] = merge(fields["metadata"], made)
	if !strings.HasSuffix(c.path, "/leases") {
		s.writes++
	}
	answer(w, code, s.store(c, namespace+"/"+name, fields).text())
}

func (s *Server) watch(w http.ResponseWriter, r *http.Request, path string) {
	query := r.URL.Query()
	initial := query.Get("sendInitialEvents") == "true"
	var from int64
	_, _ = fmt.Sscan(query.Get("resourceVersion"), &from)
	s.Lock()
	c := s.collection(path)
	if !initial && from < c.last {
		s.Unlock()
		refuse(w, 410, "Expired")
		return
	}
	watch := &Watch{ready: make(chan struct{}, 1)}
	if initial {
		for _, o := range c.order {
			watch.pending = append(watch.pending, `{"type":"ADDED","object":`+o.text()+"}\n")
		}
		watch.pending = append(watch.pending, bookmark(s.version, `,"annotations":{"k8s.io/initial-events-end":"true"}`))
	}
	c.watches = append(c.watches, watch)
	s.Unlock()
	defer func() {
		s.Lock()
		defer s.Unlock()
		watch.ended = true
		for i := range c.watches {
			if c.watches[i] == watch {
				c.watches = append(c.watches[:i], c.watches[i+1:]...)
				break
			}
		}
	}()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(200)
	w.(http.Flusher).Flush()
	minute := time.NewTicker(10 * time.Second)
	defer minute.Stop()
	for {
		s.Lock()
		texts := watch.pending
		watch.pending = nil
		s.Unlock()
		for i := 0; i < len(texts); i += 100 {
			if _, err := io.WriteString(w, strings.Join(texts[i:min(i+100, len(texts))], "")); err != nil {
				return
			}
		}
		w.(http.Flusher).Flush()
		select {
		case <-watch.ready:
		case <-minute.C:
			s.Lock()
			watch.pending = append(watch.pending, bookmark(s.version, ""))
			s.Unlock()
		case <-r.Context().Done():
			return
		}
	}
}

func bookmark(version int64, more string) string {
	return fmt.Sprintf(`{"type":"BOOKMARK","object":{"kind":"Any","metadata":{"resourceVersion":"%d"%s}}}`+"\n", version, more)
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	s := &Server{version: 1000, collections: map[string]*Collection{}}
	go func() { fail((&http.Server{Handler: s}).Serve(listener)) }()
	fmt.Printf(`{"port":%d}`+"\n", listener.Addr().(*net.TCPAddr).Port)
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		words := strings.Fields(input.Text())
		began := time.Now()
		result, err := s.order(words[0], words[1:])
		if err != nil {
			result = map[string]any{"error": err.Error()}
		}
		result["seconds"] = time.Since(began).Seconds()
		text, err := json.Marshal(result)
		fail(err)
		fmt.Println(string(text))
	}
}
