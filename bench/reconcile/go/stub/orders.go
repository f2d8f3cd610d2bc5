package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	deployments = "apis/apps/v1/deployments"
	pods        = "api/v1/pods"
)

func (s *Server) order(what string, arguments []string) (map[string]any, error) {
	var numbers []int
	for _, argument := range arguments {
		number, _ := strconv.Atoi(argument)
		numbers = append(numbers, number)
	}
	switch {
	case what == "pods" && len(numbers) == 1:
		return s.makePods(numbers[0])
	case what == "clone" && len(numbers) == 5:
		return s.clone(arguments[0], arguments[1], numbers[2], numbers[3], numbers[4])
	case what == "same" && len(numbers) == 2:
		return s.send(numbers[0], numbers[1], s.prepareSame(numbers[0]))
	case what == "bookmarks" && len(numbers) == 2:
		return s.send(numbers[0], numbers[1], s.prepareBookmarks(numbers[0]))
	case what == "change" && len(numbers) == 2:
		return s.send(numbers[0], numbers[1], s.prepareChanges(numbers[0]))
	case what == "count":
		return s.count(), nil
	}
	return map[string]any{}, fmt.Errorf("there is no order %q", what)
}

func (s *Server) count() map[string]any {
	s.Lock()
	defer s.Unlock()
	objects, watches := 0, 0
	for _, c := range s.collections {
		objects += len(c.objects)
		watches += len(c.watches)
	}
	return map[string]any{"objects": objects, "watches": watches, "writes": s.writes}
}

// A pod as a kubelet tells of it, with what it says that nobody here reads.
func pod(namespace, name, container, uid string, labels map[string]any) map[string]any {
	at := now()
	condition := func(kind string) map[string]any {
		return map[string]any{"type": kind, "status": "True", "lastProbeTime": nil, "lastTransitionTime": at, "observedGeneration": 1}
	}
	entry := func(manager string) map[string]any {
		return map[string]any{"manager": manager, "operation": "Update", "apiVersion": "v1", "time": at, "fieldsType": "FieldsV1", "subresource": "status",
			"fieldsV1": owned(map[string]any{"status": map[string]any{"conditions": map[string]any{"k:{\"type\":\"Ready\"}": map[string]any{"type": 1, "status": 1, "lastProbeTime": 1, "lastTransitionTime": 1},
				"k:{\"type\":\"ContainersReady\"}": map[string]any{"type": 1, "status": 1, "lastProbeTime": 1}}, "containerStatuses": 1, "hostIP": 1, "phase": 1, "podIP": 1, "startTime": 1}})}
	}
	owners := []any{map[string]any{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": container + "-7c5ddbdf54", "uid": "rs-" + container, "controller": true, "blockOwnerDeletion": true}}
	return map[string]any{"kind": "Pod", "apiVersion": "v1",
		"metadata": map[string]any{"name": name, "namespace": namespace, "labels": labels, "creationTimestamp": at, "uid": uid, "generateName": container + "-7c5ddbdf54-",
			"ownerReferences": owners, "managedFields": []any{entry("kube-controller-manager"), entry("kubelet")}},
		"spec": map[string]any{"nodeName": "node-1", "restartPolicy": "Always", "serviceAccountName": "default", "schedulerName": "default-scheduler", "enableServiceLinks": true, "preemptionPolicy": "PreemptLowerPriority", "priority": 0,
			"containers": []any{map[string]any{"name": container, "image": "example.com/app:1", "imagePullPolicy": "IfNotPresent", "resources": map[string]any{"limits": map[string]any{"memory": "64Mi"}},
				"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
				"volumeMounts": []any{map[string]any{"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": "kube-api-access-abcde", "readOnly": true}}}},
			"tolerations": []any{map[string]any{"effect": "NoExecute", "key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300}}},
		"status": map[string]any{"phase": "Running", "hostIP": "10.0.0.1", "podIP": "10.1.2.3", "podIPs": []any{map[string]any{"ip": "10.1.2.3"}}, "qosClass": "Burstable", "startTime": at,
			"conditions": []any{condition("PodReadyToStartContainers"), condition("Initialized"), condition("Ready"), condition("ContainersReady"), condition("PodScheduled")},
			"containerStatuses": []any{map[string]any{"name": container, "ready": true, "started": true, "restartCount": 0, "image": "example.com/app:1",
				"imageID": "example.com/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "containerID": "containerd://0123456789abcdef",
				"state": map[string]any{"running": map[string]any{"startedAt": at}}, "lastState": map[string]any{}}}}}
}

func (s *Server) makePods(per int) (map[string]any, error) {
	s.Lock()
	defer s.Unlock()
	made := 0
	for _, o := range s.collection(deployments).order {
		var deployment map[string]any
		if err := json.Unmarshal([]byte(o.text()), &deployment); err != nil {
			return map[string]any{}, err
		}
		namespace, name, _ := strings.Cut(o.key, "/")
		if object(deployment, "status") != nil {
			continue
		}
		template, _ := object(object(object(deployment, "spec"), "template"), "metadata")["labels"].(map[string]any)
		labels := merge(template, map[string]any{"pod-template-hash": "7c5ddbdf54"}).(map[string]any)
		for i := 1; i <= per; i++ {
			key := fmt.Sprintf("%s-7c5ddbdf54-%05d", name, i)
			s.store(s.collection(pods), namespace+"/"+key, pod(namespace, key, name, fmt.Sprintf("%08x-0000-4000-8000-000000000000", s.version+1), labels))
			made++
		}
		deployment["status"] = map[string]any{"observedGeneration": 1, "replicas": per, "updatedReplicas": per, "readyReplicas": per, "availableReplicas": per,
			"conditions": []any{map[string]any{"type": "Available", "status": "True"}, map[string]any{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}}}
		s.store(s.collection(deployments), o.key, deployment)
	}
	return map[string]any{"pods": made}, nil
}

// Copies are told to nobody: the rows that know them are made by whoever asks for them, while nobody watches.
func (s *Server) clone(namespace, name string, id, first, count int) (map[string]any, error) {
	s.Lock()
	defer s.Unlock()
	for _, path := range []string{deployments, pods} {
		c := s.collection(path)
		var samples []*Object
		for _, o := range c.order {
			if o.key == namespace+"/"+name || strings.HasPrefix(o.key, namespace+"/"+name+"-7c5ddbdf54") {
				samples = append(samples, o)
			}
		}
		for _, sample := range samples {
			for i := 1; i <= count; i++ {
				replacer := strings.NewReplacer(name, fmt.Sprintf("%s-%d", name, i), fmt.Sprintf(`"container-%d"`, id), fmt.Sprintf(`"container-%d"`, first+i),
					fmt.Sprintf(`"%d"`, id), fmt.Sprintf(`"%d"`, first+i), "-0000-4000-8000-000000000000", fmt.Sprintf("-0000-4000-8000-%012d", i))
				s.version++
				o := &Object{key: replacer.Replace(sample.key), before: replacer.Replace(sample.before), after: replacer.Replace(sample.after), version: s.version}
				c.objects[o.key] = o
				c.order = append(c.order, o)
			}
		}
		c.last = s.version
	}
	return map[string]any{}, nil
}

// What goes to each watch: made before the clock starts.
type load map[*Watch][]string

func (s *Server) prepareSame(count int) load {
	s.Lock()
	defer s.Unlock()
	events := load{}
	total := 0
	for _, c := range s.collections {
		if len(c.watches) > 0 {
			total += len(c.order)
		}
	}
	for made := 0; made < count && total > 0; {
		for _, c := range s.collections {
			for _, w := range c.watches {
				for _, o := range c.order {
					if made >= count {
						return events
					}
					s.version++
					o.version, c.last = s.version, s.version
					events[w] = append(events[w], `{"type":"MODIFIED","object":`+o.text()+"}\n")
					made++
				}
			}
		}
	}
	return events
}

func (s *Server) prepareBookmarks(count int) load {
	s.Lock()
	defer s.Unlock()
	events := load{}
	for made := 0; made < count; {
		for _, c := range s.collections {
			for _, w := range c.watches {
				s.version++
				events[w] = append(events[w], bookmark(s.version, ""))
				made++
			}
		}
	}
	return events
}

func (s *Server) prepareChanges(count int) load {
	s.Lock()
	defer s.Unlock()
	events, c := load{}, s.collection(pods)
	for i := 0; i < count && len(c.order) > 0 && len(c.watches) > 0; i++ {
		o := c.order[i%len(c.order)]
		s.version++
		if i%len(c.order) == 0 {
			s.changes++
		}
		_, rest, _ := strings.Cut(o.after, `"restartCount":`)
		digits := strings.IndexAny(rest, ",}")
		o.after = strings.Replace(o.after, `"restartCount":`+rest[:digits], fmt.Sprintf(`"restartCount":%d`, s.changes), 1)
		o.version, c.last = s.version, s.version
		for _, w := range c.watches {
			events[w] = append(events[w], `{"type":"MODIFIED","object":`+o.text()+"}\n")
		}
	}
	return events
}

// Hands the events out, so many a second (0: as fast as they are read), and waits until all are written: the sockets hold a few hundred
// that may not be read yet.
func (s *Server) send(count, rate int, events load) (map[string]any, error) {
	began := time.Now()
	bytes, at := 0, map[*Watch]int{}
	for left := len(events); left > 0; {
		share := 1.0
		if rate > 0 {
			share = min(1, time.Since(began).Seconds()*float64(rate)/float64(count))
		}
		s.Lock()
		left = 0
		for w, texts := range events {
			if w.ended {
				continue
			}
			due := int(share * float64(len(texts)))
			if len(w.pending) < 100 && at[w] < due {
				part := texts[at[w]:min(at[w]+200, due)]
				w.pending = append(w.pending, part...)
				at[w] += len(part)
				for _, text := range part {
					bytes += len(text)
				}
				select {
				case w.ready <- struct{}{}:
				default:
				}
			}
			if at[w] < len(texts) || len(w.pending) > 0 {
				left++
			}
		}
		s.Unlock()
		time.Sleep(time.Millisecond)
	}
	return map[string]any{"events": count, "bytes": bytes, "restarts": s.changes, "sent_seconds": time.Since(began).Seconds(), "ended_at": float64(time.Now().UnixNano()) / 1e9}, nil
}
