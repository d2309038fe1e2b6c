package payload

import (
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

func load(t *testing.T) *Rows {
	t.Helper()
	rows, err := Load("../../../../pkg/atlas/testdata")
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestResultsAreValid(t *testing.T) {
	rows := load(t)
	total := 0
	now := time.Now()
	for n := range rows.rows {
		result := rows.Result(n, 4711, now.UnixMicro())
		event, err := atlas.ParseResult(result)
		if err != nil || event.Measurement != 4711 || event.Time.Unix() != now.Unix() {
			t.Errorf("got measurement %d at %s, %v, want 4711 at %s in %s", event.Measurement, event.Time, err, now, result)
		}
		total += len(result)
	}
	if mean := total / len(rows.rows); mean < 900 || mean > 1100 {
		t.Errorf("%d rows of %d bytes on average, want about 1,000", len(rows.rows), mean)
	}
}

func TestTraceroutesAreValid(t *testing.T) {
	now := time.Now().UnixMicro()
	result := Traceroute(3, 4711, now, 60)
	event, err := atlas.ParseResult(result)
	if err != nil || event.Measurement != 4711 || event.Type != "traceroute" || len(result) < 12_000 {
		t.Errorf("got %+v, %v of %d bytes", event, err, len(result))
	}
	if sent, found := Sent(append(result, ']')); !found || sent != now {
		t.Errorf("got %d, %t, want %d", sent, found, now)
	}
}

func TestSent(t *testing.T) {
	now := time.Now().UnixMicro()
	result := load(t).Result(3, 1001, now)
	for _, c := range []struct {
		name, message string
		want          int64
		found         bool
	}{
		{"plain WebSocket", `["atlas_result",` + string(result) + `]`, now, true},
		{"Socket.IO", `42["atlas_result",` + string(result) + `]`, now, true},
		{"with a cursor", `42["atlas_result",` + string(result) + `,"pTJ1l4jKRu1AycWcCOSY"]`, now, true},
		{"a cursor of an event without a result", `42["atlas_subscribed",{"msm":1001},"pTJ1l4jKRu1AycWcCOSY"]`, 0, false},
		{"with a newline", `42["atlas_result",` + string(result) + "]\n", now, true},
		{"another event", `["atlas_subscribed",{"msm":1001}]`, 0, false},
		{"nothing", "", 0, false},
	} {
		if got, found := Sent([]byte(c.message)); got != c.want || found != c.found {
			t.Errorf("%s: got %d, %t, want %d, %t", c.name, got, found, c.want, c.found)
		}
	}
}

func TestLoadWithoutResults(t *testing.T) {
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("got no error for an empty directory")
	}
}
