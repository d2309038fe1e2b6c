// Package monitoring holds what Prometheus and Grafana need: alerts, with a page for each, and boards. Its tests have promtool check and test them.
package monitoring

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// rules is what alerts.yaml has for the operator.
type rules struct {
	Kind string `yaml:"kind"`
	Spec struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	} `yaml:"spec"`
}

type rule struct {
	Alert       string            `yaml:"alert"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// caseFiles have the cases in which promtool tests the alerts.
var caseFiles = []string{"alerts_test.yaml", "burns_test.yaml"}

func (r rules) all() (all []rule) {
	for _, group := range r.Spec.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func decode(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// promtool runs Prometheus' tool in a folder.
func promtool(t *testing.T, folder string, arguments ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		path, err = filepath.Abs("../../.cache/promtool/promtool") // where make promtool puts it
	}
	if err != nil {
		t.Fatal(err)
	}
	tool := exec.CommandContext(t.Context(), path, arguments...)
	tool.Dir = folder
	if output, err := tool.CombinedOutput(); err != nil {
		t.Errorf("%v: %v (make promtool)\n%s", tool.Args, err, output)
	}
}

// Those who have no operator are told how to make a file of rules. It is what promtool tests.
func TestAlerts(t *testing.T) {
	command := regexp.MustCompile(`sed '.*' k8s/monitoring/alerts.yaml`).Find(read(t, "README.md"))
	plain := exec.CommandContext(t.Context(), "sh", "-c", string(command))
	plain.Dir = "../.."
	text, err := plain.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	folder := t.TempDir()
	files := map[string][]byte{"atlas-stream.rules.yaml": text}
	for _, path := range caseFiles {
		files[path] = read(t, path)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	promtool(t, folder, "check", "rules", "atlas-stream.rules.yaml")
	promtool(t, folder, append([]string{"test", "rules"}, caseFiles...)...)
}

// Each alert is tested in a case in which it fires, and in one in which it does not.
func TestEachAlertIsTestedBothWays(t *testing.T) {
	var alerts rules
	decode(t, read(t, "alerts.yaml"), &alerts)
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, path := range caseFiles {
		var cases struct {
			Tests []struct {
				Checks []struct {
					Alert    string `yaml:"alertname"`
					Expected []any  `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			} `yaml:"tests"`
		}
		decode(t, read(t, path), &cases)
		for _, one := range cases.Tests {
			for _, check := range one.Checks {
				fires[check.Alert] = fires[check.Alert] || len(check.Expected) > 0
				silent[check.Alert] = silent[check.Alert] || len(check.Expected) == 0
			}
		}
	}
	for _, rule := range alerts.all() {
		if !fires[rule.Alert] || !silent[rule.Alert] {
			t.Errorf("%s: tested where it fires: %v, where it is silent: %v", rule.Alert, fires[rule.Alert], silent[rule.Alert])
		}
	}
}

// Each alert says how bad it is and what to do, on a page of its own; there is no page of an alert that is gone.
func TestEachAlertHasItsPage(t *testing.T) {
	var alerts rules
	decode(t, read(t, "alerts.yaml"), &alerts)
	pages := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^### (Atlas\w+)$`).FindAllSubmatch(read(t, "README.md"), -1) {
		pages[string(heading[1])] = true
	}
	for _, rule := range alerts.all() {
		if want := "k8s/monitoring/README.md#" + strings.ToLower(rule.Alert); rule.Annotations["runbook_url"] != want || !pages[rule.Alert] {
			t.Errorf("%s: its runbook_url is %s, want %s; there is such a heading: %v", rule.Alert, rule.Annotations["runbook_url"], want, pages[rule.Alert])
		}
		if severity := rule.Labels["severity"]; severity != "warning" && severity != "critical" || rule.Annotations["summary"] == "" {
			t.Errorf("%s: its severity is %q, want warning or critical, and its summary %q", rule.Alert, severity, rule.Annotations["summary"])
		}
		delete(pages, rule.Alert)
	}
	for page := range pages {
		t.Errorf("README.md has a page for %s, which is no alert", page)
	}
}

// An overlay gets the alerts and all boards.
func TestKustomizationHasAll(t *testing.T) {
	objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), ".")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, object := range objects.Resources() {
		kinds[object.GetKind()]++
		if object.GetKind() == "ConfigMap" && len(object.GetDataMap()) != len(boardFiles(t)) {
			t.Errorf("the ConfigMap has %d boards, want %d", len(object.GetDataMap()), len(boardFiles(t)))
		}
	}
	if len(kinds) != 2 || kinds["PrometheusRule"] != 1 || kinds["ConfigMap"] != 1 {
		t.Errorf("got %v, want a PrometheusRule and a ConfigMap", kinds)
	}
}
