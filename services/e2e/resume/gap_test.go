package resume

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
)

// A client that is too far behind receives which records it misses, and is live again, whether it was slow or has reconnected. A cursor that is too old is
// refused.
func TestTooFarBehindIsAGap(t *testing.T) {
	t.Parallel()
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	testcluster.Start(t, kafka)
	program := testcluster.BuildGateway(t)
	gateway := program.StartGateway(t, kafka, "--queue-bytes", "1048576", "--queue-messages", "100", "--behind-bytes", "2000000")
	conn := connection.MustSubscribe(t, connection.WebSocket, connection.Options{Gateway: gateway.Public, Parameters: json.RawMessage(`{"msm":1001,"cursor":""}`)})
	writer := workload.NewWriter(t, kafka, 1001)
	for range 30 { // 15 MB: more than the queue, what the kernel keeps and what is allowed
		if err := writer.Write(t.Context(), 500, false); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	writing, ctx := errgroup.WithContext(ctx)
	writing.Go(func() error { return writer.RunSlowly(ctx) })
	first := &gapReader{conn: conn}
	for first.gaps == 0 || first.since < 3 { // until it is live again
		first.receive(t)
	}
	writer.Stopped.Store(true)
	for !first.whole {
		first.receive(t)
	}
	if err := writing.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d results, %d of them missed in %d gaps", writer.Written.Load(), first.missed, first.gaps)
	back := &gapReader{conn: connection.MustSubscribe(t, connection.WebSocket, connection.ResumeAfter(gateway.Public, first.first)), number: 1}
	for back.gaps == 0 {
		back.receive(t)
	}
	strict := program.StartGateway(t, kafka, "--behind-time", "100ms", "--backlog", "100ms") // shorter than the start of a gateway
	for _, transport := range connection.Transports {
		status, text := connection.ExpectRefusal(t, transport, connection.ResumeAfter(strict.Public, first.first))
		if status != http.StatusBadRequest || !strings.HasPrefix(text, "[cursor_gone] ") {
			t.Errorf("%s: received %d %q, want [cursor_gone]", transport.Name, status, text)
		}
	}
}

// gapReader receives numbered results and errors of gaps. The offset of a result is its number less one.
type gapReader struct {
	conn   *connection.Connection
	first  string // the first cursor
	number int64  // of the last result
	text   string // of errors of gaps since then
	gaps   int
	since  int // results since the last gap
	missed int64
	whole  bool
}

func (g *gapReader) receive(t *testing.T) {
	t.Helper()
	msg, err := g.conn.Receive()
	if err != nil {
		t.Fatalf("after result %d: %v", g.number, err)
	}
	if msg.Event == "atlas_error" {
		g.noteGap(t, connection.ErrorText(t, msg))
		return
	}
	number := workload.NumberIn(msg.Payload, `"number":`)
	if msg.Event != "atlas_result" || number <= g.number {
		t.Fatalf("after result %d: received %.300s", g.number, msg)
	}
	if missing := number - g.number - 1; (missing > 0) != (g.text != "") || missing > 0 && !g.namesMissing(number) {
		t.Fatalf("result %d was followed by %d, and by the errors %q", g.number, number, g.text)
	} else {
		g.missed += missing
	}
	if g.first == "" {
		g.first = msg.Cursor()
	}
	g.number, g.text, g.whole = number, "", strings.Contains(string(msg.Payload), `"last":true`)
	g.since++
}

func (g *gapReader) noteGap(t *testing.T, text string) {
	t.Helper()
	if !strings.HasPrefix(text, "[gap] ") {
		t.Fatalf("after result %d: received %q", g.number, text)
	}
	g.text += text
	g.gaps++
	g.since = 0
}

// namesMissing reports whether the errors name the offset of the first missing result, and that of the last one or of the next one.
func (g *gapReader) namesMissing(next int64) bool {
	first, after := fmt.Sprint(g.number), fmt.Sprint(next-1)
	return strings.Contains(g.text, first) && (strings.Contains(g.text, after) || strings.Contains(g.text, fmt.Sprint(next-2)))
}
