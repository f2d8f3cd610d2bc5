// Command pods plays the kubelets: it writes the status of pods and notes when the server has answered, and when an informer of client-go
// has the change.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"orchestration.test/reconcile/contest"
)

type times struct{ sent, answered, seen time.Time }

type kubelets struct {
	*contest.Program
	client, watcher *kubernetes.Clientset
	pods            []corev1.Pod
	mutex           sync.Mutex
	count           int32
	times           map[string]*times
}

func (k *kubelets) note(object any) {
	pod := object.(*corev1.Pod)
	now := time.Now()
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if t := k.times[pod.Name]; t != nil && len(pod.Status.ContainerStatuses) > 0 && pod.Status.ContainerStatuses[0].RestartCount == k.count && t.seen.IsZero() {
		t.seen = now
	}
}

// Arguments: the namespace.
func (k *kubelets) find(ctx context.Context, arguments []string) (map[string]any, error) {
	list, err := k.client.CoreV1().Pods(arguments[0]).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	k.pods = list.Items
	factory := informers.NewSharedInformerFactoryWithOptions(k.watcher, 0, informers.WithNamespace(arguments[0]))
	if _, err := factory.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{UpdateFunc: func(_, now any) { k.note(now) }}); err != nil {
		return nil, err
	}
	// until the program ends
	factory.Start(context.Background().Done())
	factory.WaitForCacheSync(ctx.Done())
	return map[string]any{"pods": len(k.pods)}, nil
}

func status(pod *corev1.Pod, restarts int32) []byte {
	started, now := true, metav1.Now()
	patch, _ := json.Marshal(map[string]any{"status": corev1.PodStatus{
		Phase: corev1.PodRunning,
		Conditions: []corev1.PodCondition{
			{Type: corev1.PodInitialized, Status: corev1.ConditionTrue}, {Type: corev1.ContainersReady, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		ContainerStatuses: []corev1.ContainerStatus{{Name: pod.Spec.Containers[0].Name, Image: pod.Spec.Containers[0].Image, Ready: true, Started: &started, RestartCount: restarts,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}}},
	}})
	return patch
}

// Every pod restarts once. Arguments: how often it has then restarted, changes a second (0: as many as can be), the file for the times.
func (k *kubelets) wave(ctx context.Context, arguments []string) (map[string]any, error) {
	count, _ := strconv.Atoi(arguments[0])
	rate, _ := strconv.ParseFloat(arguments[1], 64)
	k.mutex.Lock()
	k.count, k.times = int32(count), map[string]*times{}
	for _, pod := range k.pods {
		k.times[pod.Name] = &times{}
	}
	k.mutex.Unlock()
	began := time.Now()
	numbers := make([]int, len(k.pods))
	for i := range numbers {
		numbers[i] = i
	}
	err := contest.Each(k.Workers, numbers, func(i int) error {
		if rate > 0 {
			time.Sleep(time.Until(began.Add(time.Duration(float64(i) / rate * float64(time.Second)))))
		}
		pod := &k.pods[i]
		body, sent := status(pod, int32(count)), time.Now()
		_, err := k.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, body, metav1.PatchOptions{}, "status")
		answered := time.Now()
		k.mutex.Lock()
		k.times[pod.Name].sent, k.times[pod.Name].answered = sent, answered
		k.mutex.Unlock()
		return err
	})
	seconds := time.Since(began).Seconds()
	time.Sleep(time.Second)
	if err == nil {
		err = k.write(arguments[2])
	}
	return map[string]any{"seconds": seconds}, err
}

// Name and three times a line, in seconds since the epoch.
func (k *kubelets) write(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	epoch := func(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
	k.mutex.Lock()
	defer k.mutex.Unlock()
	for name, t := range k.times {
		if _, err := fmt.Fprintf(file, "%s %.6f %.6f %.6f\n", name, epoch(t.sent), epoch(t.answered), epoch(t.seen)); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	p := contest.Start()
	client, err := kubernetes.NewForConfig(p.Config)
	if err != nil {
		contest.Die(err)
	}
	// events come over a connection of their own: the one who changes pods is not the one who watches them
	watching := rest.CopyConfig(p.Config)
	watching.Dial = (&net.Dialer{}).DialContext
	watcher, err := kubernetes.NewForConfig(watching)
	if err != nil {
		contest.Die(err)
	}
	k := &kubelets{Program: p, client: client, watcher: watcher}
	p.Serve(map[string]contest.Phase{"find": k.find, "wave": k.wave})
}
