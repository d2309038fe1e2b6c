package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog/embedded"
)

// A client that is further behind than is allowed is told exactly what it misses, and is live again, be it that it has fallen behind or has come back. A
// cursor that was given out too long ago is refused.
func TestTooFarBehindIsAGap(t *testing.T) {
	t.Parallel()
	kafka := startEmbedded(t, embedded.Config{}).Addrs()
	openHouse(t, kafka)
	program := buildGateway(t)
	gateway := program.start(t, kafka, "--queue-bytes", "1048576", "--queue-messages", "100", "--behind-bytes", "2000000")
	l := mustSubscribe(t, webSocket, arrival{gateway: gateway.public, parameters: json.RawMessage(`{"msm":1001,"cursor":""}`)})
	source := newSource(t, kafka, 1001)
	for range 30 { // 15 MB: more than the queue, what the kernel keeps and what is allowed
		if err := source.write(t.Context(), 500, false); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	writing, ctx := errgroup.WithContext(ctx)
	writing.Go(func() error { return source.trickle(ctx) })
	first := &gaps{line: l}
	for first.told == 0 || first.since < 3 { // so that it is live again
		first.hear(t)
	}
	source.over.Store(true)
	for !first.whole {
		first.hear(t)
	}
	if err := writing.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d results, %d of them missed in %d gaps", source.written.Load(), first.missed, first.told)
	back := &gaps{line: mustSubscribe(t, webSocket, goOnBehind(gateway.house, first.first)), number: 1}
	for back.told == 0 {
		back.hear(t)
	}
	strict := program.start(t, kafka, "--behind-time", "100ms", "--backlog", "100ms") // less than it takes to start
	for _, entrance := range entrances {
		status, words := refused(t, entrance, goOnBehind(strict.house, first.first))
		if status != http.StatusBadRequest || !strings.HasPrefix(words, "[cursor_gone] ") {
			t.Errorf("%s: heard %d %q, want [cursor_gone]", entrance.name, status, words)
		}
	}
}

// trickle writes one result after the other until it is told to stop, and then the last one.
func (s *source) trickle(ctx context.Context) error {
	for !s.over.Load() {
		if err := s.write(ctx, 1, false); err != nil {
			return err
		}
		pass(ctx, 50*time.Millisecond)
	}
	return s.write(ctx, 1, true)
}

// gaps hears numbered results, each of which stands in the log at its number less one, and what is said of those that do not come.
type gaps struct {
	line   *line
	first  string // the first cursor
	number int64  // of the last result
	words  string // of a gap since then
	told   int
	since  int // results since the last gap
	missed int64
	whole  bool
}

func (g *gaps) hear(t *testing.T) {
	t.Helper()
	heard, err := g.line.hear()
	if err != nil {
		t.Fatalf("after result %d: %v", g.number, err)
	}
	if heard.event == "atlas_error" {
		g.tell(t, errorWords(t, heard))
		return
	}
	number := memberOf(heard.payload, `"number":`)
	if heard.event != "atlas_result" || number <= g.number {
		t.Fatalf("after result %d: heard %.300s", g.number, heard)
	}
	if missing := number - g.number - 1; (missing > 0) != (g.words != "") || missing > 0 && !g.namesWhatIsMissing(number) {
		t.Fatalf("after result %d came %d; was told %q", g.number, number, g.words)
	} else {
		g.missed += missing
	}
	if g.first == "" {
		g.first = heard.cursor()
	}
	g.number, g.words, g.whole = number, "", strings.Contains(string(heard.payload), `"last":true`)
	g.since++
}

func (g *gaps) tell(t *testing.T, words string) {
	t.Helper()
	if !strings.HasPrefix(words, "[gap] ") {
		t.Fatalf("after result %d: heard %q", g.number, words)
	}
	g.words += words
	g.told++
	g.since = 0
}

// namesWhatIsMissing tells whether the words name the offset of the first result that is missing, and that of the last one or of the one behind it.
func (g *gaps) namesWhatIsMissing(next int64) bool {
	first, behind := fmt.Sprint(g.number), fmt.Sprint(next-1)
	return strings.Contains(g.words, first) && (strings.Contains(g.words, behind) || strings.Contains(g.words, fmt.Sprint(next-2)))
}
