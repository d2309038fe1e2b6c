package examples

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// dashboard is what one of the dashboards shows. The probe of a result is its number.
type dashboard struct {
	State, Told string
	Results     int
	Counts      map[int]int // results by probe
}

// numbersBut are the counts of a dashboard that has received each number up to the last once, except those that are missing.
func numbersBut(last int, missing ...int) map[int]int {
	counts := map[int]int{}
	for number := 1; number <= last; number++ {
		counts[number] = 1
	}
	for _, number := range missing {
		delete(counts, number)
	}
	return counts
}

// restart stops and starts the gateway while results are posted: before, meanwhile and after.
func (g *restartableGateway) restart(t *testing.T, measurement atlas.MeasurementID, from, to int) {
	t.Helper()
	posted := make(chan error, 1)
	go func() {
		var err error
		for number := from; number < to-10 && err == nil; number++ {
			err = g.PostUntilAccepted([][]byte{sample.Numbered(measurement, number)})
		}
		posted <- err
	}()
	g.stop()
	if err := <-posted; err != nil {
		t.Fatal(err)
	}
	g.MustPost(t, sample.NumberedRange(measurement, to-10, to-5)...)
	g.start(t, "")
	g.MustPost(t, sample.NumberedRange(measurement, to-4, to)...)
}

// A page shows each result once although the gateway is restarted, and says what it has missed. It also says why it is refused.
func dashboardOfPage(t *testing.T, cluster *testcluster.Cluster) {
	gateway := startRestartable(t, cluster)
	page := startDashboard(t)
	page.open(t, gateway.Cluster, "&token="+wrongToken)
	for s := page.next(t); !strings.HasPrefix(s.State, `refused: ["atlas_error","[invalid_token] `); {
		s = page.next(t)
	}
	page.open(t, gateway.Cluster, "")
	page.await(t, "live", map[int]int{})
	gateway.MustPost(t, sample.NumberedRange(1001, 1, 50)...)
	page.await(t, "live", numbersBut(50))
	gateway.restart(t, 1001, 51, 120)
	page.await(t, "live", numbersBut(120))
	gateway.stop()
	gateway.MustPost(t, sample.Numbered(1001, 121))
	gateway.start(t, anotherKey)
	for s := page.next(t); !strings.Contains(s.Told, "[cursor_gone]"); {
		s = page.next(t)
	}
	gateway.MustPost(t, sample.Numbered(1001, 122))
	page.await(t, "live", numbersBut(122, 121))
}

// shownPage is the dashboard in Chromium.
type shownPage struct{ client *realclient.Client }

func startDashboard(t *testing.T) shownPage {
	t.Helper()
	return shownPage{realclient.StartProcess(t, "node", "../clients/browser/dashboard.cjs")}
}

// open opens the page as a file, with further parameters after those of the README.
func (p shownPage) open(t *testing.T, gateway *testcluster.Cluster, more string) {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	p.client.Emit("open", fmt.Sprintf("file://%s/%s&gateway=http://%s%s", root, exampleCommand(t, "examples/page/dashboard.html"), gateway.Public, more))
}

// next waits until the page shows something else.
func (p shownPage) next(t *testing.T) (shown dashboard) {
	t.Helper()
	_, payload := p.client.Receive(t)
	if err := json.Unmarshal(payload, &shown); err != nil {
		t.Fatal(err)
	}
	return shown
}

func (p shownPage) await(t *testing.T, state string, counts map[int]int) {
	t.Helper()
	for s := p.next(t); s.State != state || s.Results != len(counts) || !maps.Equal(s.Counts, counts); {
		s = p.next(t)
	}
}

// The dashboard in Go can also be restarted itself: its file has results and cursor of the same moment.
func dashboardOfGo(t *testing.T, cluster *testcluster.Cluster) {
	gateway := startRestartable(t, cluster)
	file := filepath.Join(t.TempDir(), "counts.json")
	command := strings.NewReplacer("1001", "1003", "/tmp/counts.json", file).Replace(exampleCommand(t, "go run ./examples/go"))
	first := startExample(t, gateway.Cluster, command)
	first.awaitStderr(t, "live")
	gateway.stop() // before the first result
	gateway.MustPost(t, sample.NumberedRange(1003, 1, 50)...)
	gateway.start(t, "")
	first.expectAtLast(t, "50 results of 50 probes")
	gateway.restart(t, 1003, 51, 120)
	first.expectAtLast(t, "120 results of 120 probes")
	first.kill()
	_ = first.end() // it was killed
	gateway.MustPost(t, sample.NumberedRange(1003, 121, 150)...)
	second := startExample(t, gateway.Cluster, command)
	second.expectAtLast(t, "150 results of 150 probes")
	gateway.stop()
	gateway.MustPost(t, sample.Numbered(1003, 151))
	gateway.start(t, anotherKey)
	second.awaitStderr(t, "[cursor_gone] ")
	gateway.MustPost(t, sample.Numbered(1003, 152))
	second.expectAtLast(t, "151 results of 151 probes")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var kept struct{ Results map[int]int }
	if err := json.Unmarshal(text, &kept); err != nil || !maps.Equal(kept.Results, numbersBut(152, 151)) {
		t.Errorf("the file counts %s, %v", text, err)
	}
}
