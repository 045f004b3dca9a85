package dispatch

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/robfig/cron/v3"

	"greenshield/redline"
)

// Cluster says how pods of Kubernetes run the program, and on what data.
type Cluster struct {
	Image       string // of a container that has the command greenshield
	Claim       string // the PersistentVolumeClaim that holds all data, the plan and the results
	Folder      string // where pods find it: an absolute path, below which the data lie
	User, Group int    // to whom the data belong; root, 0, is replaced by [ContainerUser]
	Workers     int    // parallel workers of a pod, 1 at least
	MaxMemory   int64  // memory that the program may use in a pod, in bytes
	Secret      string // whose keys are variables of the environment of pods; it may be missing. "" for none
}

// ContainerUser is user and group of pods whose data belong to root: no pod runs as root.
const ContainerUser = 990

// retries is how often a pod is replaced that failed for something that may pass.
const retries = 3

// maxParallel is how many pods of a plan are begun at once at most.
const maxParallel = 100

// finalStatuses are the exit statuses that come again when the same is tried again. Others may pass: a disk that was
// full, a folder that was locked, a pod that was stopped or had too little memory.
var finalStatuses = []redline.Kind{redline.Internal, redline.Usage, redline.Raster, redline.Vector,
	redline.Incompatible, redline.Unbalanced, redline.Limit}

// podJob is a Job as the template takes it.
type podJob struct {
	*Cluster
	Name               string
	Shards, Parallel   int // 0 for a Job of one pod
	Retries            int
	Final              []redline.Kind
	Args               []string
	Memory             string
	Schedule, TimeZone string // of a CronJob
}

// subdomain is what Kubernetes takes as the name of a claim.
var subdomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

// Place sets Claim and Folder from the text of a flag --claim, CLAIM:FOLDER. The fault has kind Usage.
func (c *Cluster) Place(text string) error {
	claim, folder, _ := strings.Cut(text, ":")
	switch {
	case len(claim) > 253 || !subdomain.MatchString(claim):
		return redline.Faultf(redline.Usage, "--claim: %q begins with no name of a PersistentVolumeClaim; say CLAIM:FOLDER",
			text)
	case !filepath.IsAbs(folder) || filepath.Clean(folder) == "/" || strings.Contains(folder, ":") || !plain(folder):
		return redline.Faultf(redline.Usage, "--claim: %q: the folder must be an absolute path without a colon, where pods "+
			"find the claim; say CLAIM:FOLDER", text)
	}
	c.Claim, c.Folder = claim, filepath.Clean(folder)
	return nil
}

// plain reports whether a text is valid, and free of control characters.
func plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// Check checks that pods can run what the image has on all these files and folders, which are absolute paths. Paths of
// GDAL's file systems, /vsi…, lie in no folder. The fault has kind Usage.
func (c *Cluster) Check(paths []string) error {
	if c.Image == "" || !plain(c.Image) || strings.ContainsFunc(c.Image, unicode.IsSpace) {
		return redline.Faultf(redline.Usage, "--kubernetes: %q is no name of an image; write it "+
			"as office.example/greenshield:1", c.Image)
	}
	for _, path := range paths {
		path = filepath.Clean(path)
		if strings.HasPrefix(path, "/vsi") {
			continue
		}
		if rest, ok := strings.CutPrefix(path, c.Folder); !ok || rest != "" && rest[0] != '/' {
			return redline.Faultf(redline.Usage, "%s: lies outside %s, where pods find the claim %s; move it there, or name "+
				"the folder that holds all data by --claim CLAIM:FOLDER", path, c.Folder, c.Claim)
		}
		if !utf8.ValidString(path) {
			return redline.Faultf(redline.Usage, "%q: the path is not UTF-8, and Kubernetes takes nothing else; rename it", path)
		}
	}
	return nil
}

// Plan returns the manifests of a plan in a folder: by path below it, kubernetes/shards.yaml, an Indexed Job of a pod
// for each shard, and kubernetes/merge.yaml. The names of the Jobs follow from the folder and the claim.
func (c *Cluster) Plan(folder string, shards int) map[string]string {
	sum := sha256.Sum256([]byte(c.Claim + ":" + folder))
	id := hex.EncodeToString(sum[:5])
	workers := []string{"--workers", strconv.Itoa(c.Workers)}
	each := c.job("greenshield-"+id, append([]string{"shard", folder}, workers...))
	each.Shards, each.Parallel = shards, min(shards, maxParallel)
	merge := c.job("greenshield-"+id+"-merge", append([]string{"merge", folder}, workers...))
	return map[string]string{
		"kubernetes/shards.yaml": fill(kubernetes(), "Job", each),
		"kubernetes/merge.yaml":  fill(kubernetes(), "Job", merge),
	}
}

// CheckCron refuses, with kind Usage, what Kubernetes takes for no schedule of a CronJob, by the parser that Kubernetes
// has, and what comes on no day from now on, which Kubernetes would take.
func CheckCron(schedule string, now time.Time) error {
	if strings.Contains(schedule, "TZ") { // Kubernetes refuses it wherever it stands
		return redline.Faultf(redline.Usage, "--cron: %q names a time zone, which Kubernetes refuses there; leave it out, the "+
			"time is that of China", schedule)
	}
	when, err := cron.ParseStandard(schedule)
	if err != nil {
		return redline.Faultf(redline.Usage, "--cron: %q is no time for Kubernetes (%w); write minute, hour, day, month and "+
			"day of the week, such as 0 6 * * * for each day at six", schedule, err)
	}
	if when.Next(now).IsZero() {
		return redline.Faultf(redline.Usage, "--cron: %q never comes; correct day and month", schedule)
	}
	return nil
}

// CronJob returns the manifest of a CronJob that runs the program with arguments by a schedule that [CheckCron] lets
// through, in a time zone such as Asia/Shanghai; "" is the zone of the cluster. A failure is left to the next turn. The
// name has at most 52 lower-case letters, digits and hyphens.
func (c *Cluster) CronJob(name, schedule, zone string, args []string) string {
	j := c.job(name, args)
	j.Schedule, j.TimeZone, j.Retries = schedule, zone, 0
	return fill(kubernetes(), "CronJob", j)
}

// job returns a Job of one pod.
func (c *Cluster) job(name string, args []string) *podJob {
	own := *c
	if own.User == 0 {
		own.User, own.Group = ContainerUser, ContainerUser
	}
	return &podJob{Cluster: &own, Name: name, Retries: retries, Final: finalStatuses, Args: args,
		Memory: fmt.Sprintf("%dMi", memory(own.MaxMemory, own.Workers))}
}

//go:embed kubernetes.yaml.tmpl
var kubernetesText string

// kubernetes holds the templates Job and CronJob.
var kubernetes = sync.OnceValue(func() *template.Template {
	t := template.New("")
	return template.Must(t.Funcs(template.FuncMap{
		// The escapes of Go in double quotes are those of YAML, as long as the text is UTF-8.
		"quote": strconv.Quote,
		// In arguments Kubernetes replaces $(NAME), and $$ by $.
		"literal": func(arg string) string { return strings.ReplaceAll(arg, "$", "$$") },
		"indent": func(n int, name string, data any) string {
			text := strings.TrimSpace(fill(t, name, data))
			return strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", n))
		},
	}).Parse(kubernetesText))
})

// fill fills in a template, all of whose fields there are.
func fill(t *template.Template, name string, data any) string {
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		panic(err)
	}
	return b.String()
}
