package pages

import (
	"encoding/json"
	"net/http"
	"testing"

	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/standalone/stack"
)

// usePages runs a scenario in Chromium: clients/browser/pages/SCENARIO.cjs. The helpers do what the scenario asks for.
func usePages(t *testing.T, scenario string, cluster *testcluster.Cluster, helpers map[string]func(payload json.RawMessage) any) {
	t.Helper()
	browser := realclient.StartProcess(t, "node", "../clients/browser/pages.cjs", scenario, "http://"+cluster.Public)
	for {
		event, payload := browser.Next(t)
		switch event {
		case "passed":
			return
		case "working": // it has a timeout of its own
		case "failed":
			var why string
			_ = json.Unmarshal(payload, &why)
			t.Fatalf("%s: %s", scenario, why)
		default:
			help, found := helpers[event]
			if !found {
				t.Fatalf("%s asks for %s", scenario, event)
			}
			browser.Emit(event, help(payload))
		}
	}
}

func TestPagesHaveAFrame(t *testing.T) {
	cluster, _ := testcluster.StartStandalone(t, stack.Config{})
	usePages(t, "frame", cluster, nil)
	response, err := http.Get("http://" + cluster.Public + "/nope")
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusNotFound {
		t.Errorf("a page that does not exist: status %d", response.StatusCode)
	}
}
