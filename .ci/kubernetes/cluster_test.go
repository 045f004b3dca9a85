// Package kubernetes holds the manifests that greenshield writes against Kubernetes itself: an API server with its etcd,
// and the controller of Jobs. A kubelet there is not; the tests run what a pod has to run on this machine.
package kubernetes

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	server "k8s.io/kubernetes/cmd/kube-apiserver/app/testing"
	"k8s.io/kubernetes/pkg/controller/job"
)

// office is the namespace of the tests. Of pods it takes only those that the strictest of the standard profiles allows.
const office = "office"

// cluster is a client of an API server.
type cluster struct{ kubernetes.Interface }

func TestMain(m *testing.M) {
	job.DefaultJobPodFailureBackOff = time.Millisecond // pods are replaced at once
	os.Exit(m.Run())
}

// newCluster starts an API server with a namespace, and the controller of Jobs.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	store := storagebackend.NewDefaultConfig("registry", nil)
	store.Transport.ServerList = []string{startEtcd(t)}
	s := server.StartTestServerOrDie(t, nil, nil, store)
	t.Cleanup(s.TearDownFn)
	config := rest.CopyConfig(s.ClientConfig)
	config.QPS, config.Burst = 1000, 1000
	c := &cluster{kubernetes.NewForConfigOrDie(config)}
	ctx := t.Context()
	must(t)(c.CoreV1().Namespaces().Create(ctx, &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: office,
		Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}}}, meta.CreateOptions{}))
	must(t)(c.CoreV1().ServiceAccounts(office).Create(ctx, &core.ServiceAccount{ObjectMeta: meta.ObjectMeta{
		Name: "default"}}, meta.CreateOptions{}))
	must(t)(c.CoreV1().PersistentVolumeClaims(office).Create(ctx, &core.PersistentVolumeClaim{
		ObjectMeta: meta.ObjectMeta{Name: "maps"}, Spec: core.PersistentVolumeClaimSpec{
			AccessModes: []core.PersistentVolumeAccessMode{core.ReadWriteMany}, Resources: core.VolumeResourceRequirements{
				Requests: core.ResourceList{core.ResourceStorage: resource.MustParse("1Gi")}}}}, meta.CreateOptions{}))
	c.startController(t)
	return c
}

// must ends a test whose preparation fails.
func must(t *testing.T) func(_ any, err error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// startEtcd starts etcd at a free port of this machine, and returns its address.
func startEtcd(t *testing.T) string {
	t.Helper()
	config := embed.NewConfig()
	config.Dir, config.LogLevel = t.TempDir(), "panic"
	local := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config.ListenClientUrls, config.ListenPeerUrls = local, local
	config.AdvertiseClientUrls, config.AdvertisePeerUrls = local, local
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Close)
	<-etcd.Server.ReadyNotify()
	return "http://" + etcd.Clients[0].Addr().String()
}

// startController runs the controller of Jobs until the test ends.
func (c *cluster) startController(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	all := informers.NewSharedInformerFactory(c, 0)
	jobs, err := job.NewController(ctx, c, all.Core().V1().Pods(), all.Batch().V1().Jobs(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	all.Start(ctx.Done())
	done := make(chan struct{})
	go func() {
		jobs.Run(ctx, 2)
		close(done)
	}()
	t.Cleanup(func() { cancel(); <-done; all.Shutdown() })
}

// post sends a manifest of kind jobs or cronjobs to the API server, as it is, and asks it to be strict.
func (c *cluster) post(ctx context.Context, kind, manifest string, dry bool) error {
	r := c.BatchV1().RESTClient().Post().Namespace(office).Resource(kind).Param("fieldValidation", "Strict").
		SetHeader("Content-Type", "application/yaml").Body([]byte(manifest))
	if dry {
		r = r.Param("dryRun", "All")
	}
	answer := r.Do(ctx)
	if err := answer.Error(); err != nil {
		return err
	}
	var warnings []string
	for _, w := range answer.Warnings() {
		warnings = append(warnings, w.Text)
	}
	if len(warnings) > 0 {
		return fmt.Errorf("the server warns: %s", strings.Join(warnings, "; "))
	}
	return nil
}
