package manifests

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // where the system has no zones

	"github.com/robfig/cron/v3"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// check looks at a manifest as far as that goes without a server: all keys are of the types of the API, none that these
// write always is missing, a schedule is one, and the pods keep to the strictest of the standard profiles.
func check(m Manifest) error {
	var pod *core.PodTemplateSpec
	if m.Kind == "cronjobs" {
		var c batch.CronJob
		if err := strictly(m.Text, &c); err != nil {
			return err
		}
		if _, err := cron.ParseStandard(c.Spec.Schedule); err != nil {
			return err
		}
		if _, err := time.LoadLocation(*c.Spec.TimeZone); err != nil {
			return err
		}
		pod = &c.Spec.JobTemplate.Spec.Template
	} else {
		var j batch.Job
		if err := strictly(m.Text, &j); err != nil {
			return err
		}
		pod = &j.Spec.Template
	}
	profile, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	found := policy.AggregateCheckResults(profile.EvaluatePod(
		api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &pod.ObjectMeta, &pod.Spec))
	if !found.Allowed {
		return fmt.Errorf("%s", found.ForbiddenDetail())
	}
	return nil
}

// strictly reads a manifest into a type of the API, which writes the same again.
func strictly(text string, into any) error {
	if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
		return err
	}
	again, err := json.Marshal(into)
	if err != nil {
		return err
	}
	var is, made any
	if err := yaml.Unmarshal([]byte(text), &is); err != nil {
		return err
	}
	if err := json.Unmarshal(again, &made); err != nil {
		return err
	}
	return same("", is, made)
}

// same compares what stands in a manifest with what a type made of it, which may have more that is empty.
func same(path string, is, made any) error {
	switch is := is.(type) {
	case map[string]any:
		other, _ := made.(map[string]any)
		for key, value := range other {
			if empty, ok := value.(map[string]any); is[key] == nil && !(ok && len(empty) == 0) {
				return fmt.Errorf("%s/%s is missing", path, key)
			}
		}
		for key, value := range is {
			if err := same(path+"/"+key, value, other[key]); err != nil {
				return err
			}
		}
	case []any:
		other, _ := made.([]any)
		if len(is) != len(other) {
			return fmt.Errorf("%s is read as %v", path, made)
		}
		for i := range is {
			if err := same(fmt.Sprint(path, "/", i), is[i], other[i]); err != nil {
				return err
			}
		}
	default:
		if fmt.Sprint(is) != fmt.Sprint(made) { // a quantity may be a number or a text
			return fmt.Errorf("%s is %v, and read as %v", path, is, made)
		}
	}
	return nil
}

// Manifests pass, and wrong ones are refused, but for those that only a server can refuse.
func TestManifests(t *testing.T) {
	right, wrong := All(t)
	for _, m := range right {
		if err := check(m); err != nil {
			t.Errorf("%v: %s", err, m.Text)
		}
	}
	for _, m := range wrong {
		err := check(m)
		if (err != nil) != (m.Early != "") || err != nil && !strings.Contains(err.Error(), m.Early) {
			t.Errorf("%s: %v, want %s", m.Changed, err, m.Early)
		}
	}
}
