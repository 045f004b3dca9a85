package kubernetes

import (
	"context"
	"slices"
	"sync"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/kubernetes/pkg/fieldpath"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// ended is how a container ended.
type ended struct {
	status  int32
	evicted bool // the node was drained
}

// container is what a kubelet hands to a container runtime.
type container struct {
	args, env []string
	index     string // of the Job
	attempt   int    // at this index, from 0 on
}

// kubelet stands in for the kubelets: each pod of a Job is run by a function, once.
type kubelet struct {
	*cluster
	run func(c container) ended

	mu       sync.Mutex
	attempts map[string]int // pods by index
}

// carryOut runs the pods of a Job until it is over, and returns its last state in words: Complete, or why it failed; then
// the indices that are complete and those that failed.
func (k *kubelet) carryOut(t *testing.T, name string) (condition, completed, failed string) {
	t.Helper()
	k.attempts = map[string]int{}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	of := meta.ListOptions{LabelSelector: "batch.kubernetes.io/job-name=" + name}
	pods, err := k.CoreV1().Pods(office).Watch(ctx, of)
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := k.BatchV1().Jobs(office).Watch(ctx, meta.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case e, ok := <-pods.ResultChan():
			if !ok {
				t.Fatal("no more is heard of pods")
			}
			if pod, is := e.Object.(*core.Pod); is && e.Type == watch.Added {
				running.Go(func() { k.serve(ctx, t, pod) })
			}
		case e, ok := <-jobs.ResultChan():
			if !ok {
				t.Fatal("no more is heard of the Job")
			}
			if condition, completed, failed = over(e); condition != "" {
				return condition, completed, failed
			}
		}
	}
}

// serve runs a pod and says how it ended.
func (k *kubelet) serve(ctx context.Context, t *testing.T, pod *core.Pod) {
	c, err := containerOf(pod)
	if err != nil {
		t.Error(err)
		return
	}
	k.mu.Lock()
	c.attempt = k.attempts[c.index]
	k.attempts[c.index]++
	k.mu.Unlock()
	how := k.run(c)
	pod.Status.Phase = core.PodSucceeded
	if how.status != 0 {
		pod.Status.Phase = core.PodFailed
	}
	pod.Status.ContainerStatuses = []core.ContainerStatus{{Name: pod.Spec.Containers[0].Name,
		State: core.ContainerState{Terminated: &core.ContainerStateTerminated{ExitCode: how.status}}}}
	if how.evicted {
		pod.Status.Conditions = append(pod.Status.Conditions, core.PodCondition{Type: core.DisruptionTarget,
			Status: core.ConditionTrue, Reason: "EvictionByEvictionAPI"})
	}
	if _, err := k.CoreV1().Pods(office).UpdateStatus(ctx, pod, meta.UpdateOptions{}); err != nil && ctx.Err() == nil {
		t.Error(err)
	}
}

// containerOf returns what the kubelet makes of the only container of a pod: references to variables are replaced.
func containerOf(pod *core.Pod) (c container, err error) {
	from, values := &pod.Spec.Containers[0], map[string]string{}
	for _, e := range from.Env {
		value := e.Value
		if e.ValueFrom != nil {
			if value, err = fieldpath.ExtractFieldPathAsString(pod, e.ValueFrom.FieldRef.FieldPath); err != nil {
				return c, err
			}
		}
		values[e.Name] = value
		c.env = append(c.env, e.Name+"="+value)
	}
	for _, arg := range slices.Concat(from.Command, from.Args) {
		c.args = append(c.args, expansion.Expand(arg, expansion.MappingFuncFor(values)))
	}
	c.index = values["JOB_COMPLETION_INDEX"]
	return c, nil
}

// over returns the last state of a Job that is over, in words; "" for one that is not.
func over(e watch.Event) (condition, completed, failed string) {
	j, is := e.Object.(*batch.Job)
	if !is {
		return "", "", ""
	}
	for _, c := range j.Status.Conditions {
		switch {
		case c.Status != core.ConditionTrue:
		case c.Type == batch.JobComplete:
			condition = "Complete"
		case c.Type == batch.JobFailed:
			condition = c.Reason
		}
	}
	if j.Status.FailedIndexes != nil {
		failed = *j.Status.FailedIndexes
	}
	return condition, j.Status.CompletedIndexes, failed
}
