package examples

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
	"atlasstream/services/standalone/stack"
)

// snippetToken gives access to the second measurement, which is not public.
const snippetToken = "5ca1ab1e5ca1ab1e5ca1ab1e"

var snippetMeasurements = []int{1001, 1002}

// snippetNote is the value of a filter. It has characters that mean something to a shell, HTML, JavaScript, Python or the templates of the snippets.
const snippetNote = `it's "<b>" \ \u0041 $HOME 100% & é </script> __EVENT__ '''`

// Each snippet prints the results of its subscription, without and with a token.
func TestSnippets(t *testing.T) {
	t.Parallel()
	cluster, _ := testcluster.StartStandalone(t, stack.Config{})
	tokens := testcluster.WriteTokens(t, `[{"name":"noc","token":"`+snippetToken+`","roles":["non-public"]}]`)
	g := testcluster.StartGateway(t, []string{cluster.Kafka}, gateway.Config{Tokens: tokens})
	g.Ingest = cluster.Ingest
	hide(t, g, snippetMeasurements[1])
	var atOnce errgroup.Group // they mostly wait
	for file, run := range map[string]func(t *testing.T, g *testcluster.Cluster, snippets []string) (lines func() string){
		"curl.sh": runSnippets(`bash -c`), "python.py": runSnippets(`python3 -u -c`), "socketio.js": runSnippets(`node --input-type=module -e`),
		"eventsource.js": openSnippets,
	} {
		atOnce.Go(func() error {
			t.Run(file, func(t *testing.T) {
				lines := run(t, g, []string{filledSnippet(t, g, file, 0), filledSnippet(t, g, file, 1)})
				postUntilPrinted(t, g, file, lines)
			})
			return nil
		})
	}
	_ = atOnce.Wait() // the subtests have failed themselves
}

// hide registers a measurement that is not public.
func hide(t *testing.T, cluster *testcluster.Cluster, measurement int) {
	t.Helper()
	object := bytes.NewReader(fmt.Appendf(nil, `{"id":%d,"is_public":false}`, measurement))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+cluster.Ingest+"/v1/measurements", object)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Fatal(response.Status)
	}
	await.Condition(t, "the measurement is hidden", func() bool {
		response, err := http.Get(fmt.Sprintf("http://%s/stream/?msm=%d", cluster.Public, measurement))
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusBadRequest
	})
}

// filledSnippet fills a snippet in as the pages do, for the first measurement, or for the second, which needs a token.
func filledSnippet(t *testing.T, g *testcluster.Cluster, file string, number int) string {
	t.Helper()
	const script = `import fs from "node:fs"; import { fill } from "./examples/snippets/fill.mjs";
		process.stdout.write(fill(fs.readFileSync("examples/snippets/" + process.argv[1], "utf8"), JSON.parse(process.argv[2])))`
	use := sample.JSON(map[string]any{
		"gateway": "http://" + g.Public, "token": number == 1,
		"subscription": map[string]any{"msm": snippetMeasurements[number], "equalsTo": map[string]any{"note": []string{snippetNote}, "file": file}},
	})
	command, kill := testcluster.ChildCommand(t, "node", "--input-type=module", "-e", script, file, string(use))
	defer kill()
	command.Dir = "../../.."
	filled, err := command.Output()
	if err != nil || strings.Contains(string(filled), "TOKEN") != (number == 1) {
		t.Fatalf("%v: %v\n%s", command, err, filled)
	}
	return string(filled)
}

// runSnippets runs two snippets, each as the argument of a command.
func runSnippets(command string) func(*testing.T, *testcluster.Cluster, []string) (lines func() string) {
	return func(t *testing.T, g *testcluster.Cluster, snippets []string) func() string {
		t.Helper()
		e := startExample(t, g, `cd examples/node; `+command+` "$FIRST" & `+command+` "$SECOND" & wait`,
			"FIRST="+snippets[0], "SECOND="+snippets[1], "TOKEN="+snippetToken)
		return func() string { return soFar(e.stdout) }
	}
}

// openSnippets opens pages of another origin that have the snippets in a script.
func openSnippets(t *testing.T, _ *testcluster.Cluster, snippets []string) (lines func() string) {
	t.Helper()
	arguments := []string{"../clients/browser/console.cjs", snippetToken}
	for _, snippet := range snippets {
		text := `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script>` + snippet + `</script>`
		page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }))
		t.Cleanup(page.Close)
		arguments = append(arguments, page.URL)
	}
	c := realclient.StartProcess(t, "node", arguments...)
	return func() string { return soFar(c.Received) }
}

// soFar returns the lines that have arrived.
func soFar[L string | []byte](lines <-chan L) (text string) {
	for {
		select {
		case line, open := <-lines:
			if !open {
				return text
			}
			text += string(line) + "\n"
		default:
			return text
		}
	}
}

// postUntilPrinted posts results of both measurements, each with its own probe, until one of each has been printed.
func postUntilPrinted(t *testing.T, g *testcluster.Cluster, file string, lines func() string) {
	t.Helper()
	const firstProbe = 424242
	printed, next := "", time.NewTicker(200*time.Millisecond)
	defer next.Stop()
	for number, deadline := 0, time.Now().Add(await.Patience); !strings.Contains(printed, "424242") || !strings.Contains(printed, "424243"); number++ {
		if time.Now().After(deadline) {
			t.Fatalf("printed %s", printed)
		}
		for i, measurement := range snippetMeasurements {
			g.MustPost(t, sample.JSON(map[string]any{
				"msm_id": measurement, "prb_id": firstProbe + i, "timestamp": 1787541897, "type": "ping", "note": snippetNote, "file": file, "number": number,
			}))
		}
		<-next.C
		printed += lines()
	}
}
