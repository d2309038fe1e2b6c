package programs

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// root is that of the repository.
const root = "../../.."

// scrape is what a program tells Prometheus.
func scrape(t *testing.T, program *testcluster.Process) []byte {
	t.Helper()
	response, err := http.Get("http://" + program.Admins[0] + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// startAll starts a gateway and two collectors with all settings that metrics depend on. The first collector takes posts from everybody on this machine.
func startAll(t *testing.T) (gateway, collector, encrypted *testcluster.Process) {
	t.Helper()
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	collectors := testcluster.BuildCollector(t)
	collector = collectors.StartCollector(t, kafka)
	certificate, key := kafkatest.NewAuthority(t).Issue(t, "collector")
	encrypted = collectors.StartCollector(t, kafka, "--tls-cert", certificate, "--tls-key", key)
	gateway = testcluster.BuildGateway(t).NewPeers(t, kafka, 1, "--history", "open", "--max-age", "1h", "--tokens", testcluster.WriteTokens(t, `[]`)).Start(t)
	gateway.Ingest = collector.Ingest
	return gateway, collector, encrypted
}

// use does once what the programs are for.
func use(t *testing.T, gateway *testcluster.Process) {
	t.Helper()
	client := realclient.DialWebSocket(t, gateway.Cluster)
	client.Subscribe(t, 1001)
	gateway.MustPost(t, sample.Numbered(1001, 1))
	client.Expect(t, `["atlas_result",{"msm_id":1001,"prb_id":1`)
	for _, path := range []string{"/api/gateway", "/stream/?msm=1001&sendBacklog=true&limit=1"} {
		response, err := http.Get("http://" + gateway.Public + path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Error(err)
		}
		_ = response.Body.Close()
	}
	await.Condition(t, "the delivery is measured", func() bool {
		return gateway.Sum(t, "atlas_gateway_delivery_seconds_count", `stream="result"`) > 0
	})
}

func familiesIn(t *testing.T, text []byte) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// Prometheus' linter has nothing against any metric, and whatever a board, an alert or a document names is there from the start, or once somebody has used it.
func TestMetricsThatAreNamedAreInAScrape(t *testing.T) {
	t.Parallel()
	gateway, collector, encrypted := startAll(t)
	use(t, gateway)
	there := map[string]*dto.MetricFamily{}
	for _, program := range []*testcluster.Process{gateway, collector, encrypted} {
		text := scrape(t, program)
		maps.Copy(there, familiesIn(t, text))
		problems, err := promlint.New(bytes.NewReader(text)).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range problems {
			t.Errorf("%s: %s", problem.Metric, problem.Text)
		}
	}
	named := namedMetrics(t)
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if familyOf(there, name) == nil {
			t.Errorf("%s names %s, which no program has", named[name], name)
		}
	}
	if len(named) < 50 {
		t.Errorf("only %d metrics are named", len(named))
	}
	checkLabels(t, there)
}

// familyOf takes the series of histograms for those of their families. It is nil if there is none.
func familyOf(families map[string]*dto.MetricFamily, name string) *dto.MetricFamily {
	for _, part := range []string{"_bucket", "_sum", "_count"} {
		if of, is := strings.CutSuffix(name, part); is && families[of].GetType() == dto.MetricType_HISTOGRAM {
			return families[of]
		}
	}
	return families[name]
}

var (
	selector        = regexp.MustCompile(`\b((?:atlas|go|process)_[a-z_]+)\{([^}]*)\}`)
	labelInSelector = regexp.MustCompile(`([a-z_]+)(?:=|!=|!~)`)
	// givenByPrometheus are labels of targets, and of histograms' buckets.
	givenByPrometheus = []string{"job", "instance", "pod", "le"}
)

// checkLabels demands that boards, alerts and the alerts' cases ask for labels that the metrics have.
func checkLabels(t *testing.T, families map[string]*dto.MetricFamily) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "k8s/monitoring/*.[jy]*"))
	if err != nil || len(paths) < 6 {
		t.Fatalf("only %v, %v", paths, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range selector.FindAllStringSubmatch(string(text), -1) {
			has := labelsOf(familyOf(families, match[1]))
			for _, label := range labelInSelector.FindAllStringSubmatch(match[2], -1) {
				if !has[label[1]] && !slices.Contains(givenByPrometheus, label[1]) {
					t.Errorf("%s: %s has no label %s", path, match[0], label[1])
				}
			}
		}
	}
}

func labelsOf(family *dto.MetricFamily) map[string]bool {
	labels := map[string]bool{}
	for _, metric := range family.GetMetric() {
		for _, label := range metric.GetLabel() {
			labels[label.GetName()] = true
		}
	}
	return labels
}

var (
	metricInDocument = regexp.MustCompile("`(atlas_(?:gateway|collector|eventlog|service|build)_[a-z_]*[a-z])[`{]")
	metricInQuery    = regexp.MustCompile(`\b(?:atlas_(?:gateway|collector|eventlog|service|build)|go|process)_[a-z_]*[a-z]\b`)
)

// namedMetrics gives the metrics that boards, alerts and documents name, and a file that does.
func namedMetrics(t *testing.T) map[string]string {
	t.Helper()
	named := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || len(entry.Name()) > 2 && entry.Name()[0] == '.') {
			return fs.SkipDir
		}
		if kind := filepath.Ext(path); !entry.IsDir() && (kind == ".md" || filepath.Base(filepath.Dir(path)) == "monitoring" && kind != ".go") {
			return addNamed(named, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return named
}

func addNamed(named map[string]string, path string) error {
	text, err := os.ReadFile(path)
	if filepath.Ext(path) == ".md" {
		for _, match := range metricInDocument.FindAllSubmatch(text, -1) {
			named[string(match[1])] = path
		}
		return err
	}
	for _, match := range metricInQuery.FindAll(text, -1) {
		named[string(match)] = path
	}
	return err
}
