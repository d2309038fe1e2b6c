package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/jitter/jittertest"
	"atlasstream/services/gateway/internal/endpoint"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

type outagesTold struct {
	From, To    float64
	LogOffset   int64 `json:"log_offset"`
	Registry    string
	SilentSince *float64 `json:"silent_since"`
	Outages     []outage.Outage
	Read        struct{ Records int64 }
}

func TestOutages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{})
		began := time.Now().Add(-time.Hour)
		server.knowOutage(began)
		defer server.watch(t)()
		synctest.Wait()
		dayBefore := fmt.Sprintf("at=%d", began.Unix()-25*3600)
		isPast := func(query string) bool { return strings.HasPrefix(query, "from") || query == dayBefore }
		now := get[outagesTold](t, server, "/api/outages")
		if len(now.Outages) != 1 || now.LogOffset != 129 || now.SilentSince != nil || len(now.Registry) != 16 {
			t.Fatalf("got %+v", now)
		}
		one := now.Outages[0]
		if one.State != outage.StateOn || one.Lost != 30 || one.Of != 40 || one.Start != float64(began.Unix()) || one.Units[0].Name != "NL" {
			t.Errorf("got %+v", one)
		}
		back := slices.DeleteFunc(one.Probes, func(p outage.Lost) bool { return p.Back == nil })
		if len(back) != 10 {
			t.Errorf("%d probes are back", len(back))
		}
		for query, want := range map[string]int{ // of outages; those of the past have read the log
			"watch=NL": 1, "watch=DE,NL": 1, "watch=AS1136": 1, "watch=FR,AS3320": 0,
			fmt.Sprintf("at=%d", began.Unix()+60): 1, fmt.Sprintf("at=%d", began.Unix()-60): 0,
			fmt.Sprintf("from=%d", began.Unix()-60): 1, fmt.Sprintf("from=%d&to=%d", began.Unix()-600, began.Unix()-60): 0,
			fmt.Sprintf("from=%d&watch=FR", began.Unix()-60): 0, dayBefore: 0,
		} {
			answer := get[outagesTold](t, server, "/api/outages?"+query)
			if len(answer.Outages) != want || answer.Registry != now.Registry || (answer.Read.Records == 130) != isPast(query) {
				t.Errorf("%s: got %+v, want %d outages", query, answer, want)
			}
		}
	})
}

// An empty list means that there is no outage; while that is unknown, there is an error.
func TestOutagesThatAreNotKnown(t *testing.T) {
	server := serve(t, Settings{}, ratelimit.Limits{})
	for _, accept := range []string{"application/json", endpoint.MediaEvents} {
		answer := server.ask("/api/outages", "Accept", accept)
		if answer.Code != http.StatusServiceUnavailable || !jittertest.RetriesAround(answer.Header(), engineio.RetryAfter) ||
			!strings.HasPrefix(answer.Body.String(), `{"error":"[unavailable] this gateway has not read the connection events yet`) {
			t.Errorf("got %d %v %s", answer.Code, answer.Header(), answer.Body)
		}
	}
}

func TestOutagesThatAreRefused(t *testing.T) {
	open := serve(t, Settings{History: HistoryPolicy{Mode: "open", MaxAge: 48 * time.Hour}}, ratelimit.Limits{})
	defer open.watch(t)()
	off := serve(t, Settings{History: HistoryPolicy{Mode: "off"}}, ratelimit.Limits{})
	defer off.watch(t)()
	token := serve(t, Settings{History: HistoryPolicy{Mode: "token"}}, ratelimit.Limits{})
	defer token.watch(t)()
	now := time.Now()
	for _, test := range []struct {
		server      *testServer
		query, want string
	}{
		{open, "to=1", "[missing_parameter] from: missing"},
		{open, "at=1&from=1", "[invalid_parameter] at: came with from or to"},
		{open, "watch=nl", "[invalid_parameter] watch: got"},
		{open, "watch=AS0", "[invalid_parameter] watch: got"},
		{open, "watch=" + strings.Repeat("NL,", 50) + "NL", "[invalid_parameter] watch: got"},
		{open, fmt.Sprintf("from=%d", now.Unix()-3*86400), "[before_log] from: got"},
		{open, fmt.Sprintf("at=%d", now.Unix()-3*86400), "[before_log] at: got"},
		{token, "from=1", "[not_allowed] from: only"},
		{off, "from=1", "[unserved_parameter] from: this gateway"},
		{off, "at=1", "[unserved_parameter] at: this gateway"},
		{off, fmt.Sprintf("at=%d", now.Unix()-60), ""},
		{off, "", ""},
	} {
		answer := test.server.ask("/api/outages?" + test.query)
		if test.want == "" && answer.Code != http.StatusOK || !strings.HasPrefix(answer.Body.String(), `{"error":"`+test.want) && test.want != "" {
			t.Errorf("%.60s: got %d %s, want %s", test.query, answer.Code, answer.Body, test.want)
		}
	}
	long := serve(t, Settings{}, ratelimit.Limits{})
	defer long.watch(t)()
	if answer := long.ask(fmt.Sprintf("/api/outages?from=%d", now.Unix()-8*86400)); !strings.HasPrefix(answer.Body.String(), `{"error":"[too_much] from: got`) {
		t.Errorf("eight days: got %d %s", answer.Code, answer.Body)
	}
}

// following is a client that follows outages.
type following struct {
	mu     sync.Mutex
	header http.Header
	text   []byte
	ended  chan struct{}
}

func (f *following) Header() http.Header { return f.header }
func (f *following) WriteHeader(int)     {}
func (f *following) Flush()              {}

func (f *following) Write(text []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text = append(f.text, text...)
	return len(text), nil
}

func (s *testServer) follow(ctx context.Context, path string) *following {
	f := &following{header: http.Header{}, ended: make(chan struct{})}
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	request.Header.Set("Accept", endpoint.MediaEvents)
	go func() {
		defer close(f.ended)
		s.ServeHTTP(f, request)
	}()
	synctest.Wait()
	return f
}

// fresh is what has come since it was called last.
func (f *following) fresh() string {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	text := string(f.text)
	f.text = nil
	return text
}

// A client that follows outages is told all of them, and then each revision; of silence too, and what all are once the registry says something else.
func TestFollowingOutages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{})
		server.knowOutage(time.Now().Add(-time.Hour))
		server.come("connect", time.Now().Add(-30*time.Second), french...)
		defer server.watch(t)()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		client, other := server.follow(ctx, "/api/outages"), server.follow(ctx, "/api/outages?watch=FR")
		whole := server.ask("/api/outages").Body.String()
		got := client.fresh()
		rest, found := jittertest.CutRetry(got, reconnectDelay)
		if want := "\nevent: outages\ndata: " + whole + "\n"; !found || rest != want {
			t.Errorf("it begins with %s\nwant when to retry, and %s", got, want)
		}
		other.fresh()
		time.Sleep(keepAliveInterval + updateInterval)
		if got := client.fresh(); got != ":\n\n" {
			t.Errorf("after a quarter of a minute: got %q", got)
		}
		server.come("connect", time.Now(), dutch[10:14]...)
		time.Sleep(updateInterval)
		got = client.fresh()
		var revision outage.Outage
		data, found := strings.CutPrefix(got, "event: outage\ndata: ")
		if err := json.Unmarshal([]byte(data), &revision); !found || err != nil || revision.Lost != 30 || revision.Probes[13].Back == nil {
			t.Errorf("a revision comes as %s, %v", got, err)
		}
		time.Sleep(23 * time.Hour)
		if got := client.fresh(); strings.Count(got, "event: outages") != 1 || !strings.Contains(got, `"silent_since":9`) {
			t.Errorf("silence is told as %s", strings.ReplaceAll(got, ":\n\n", ""))
		}
		if got := strings.ReplaceAll(other.fresh(), ":\n\n", ""); strings.Contains(got, "event: outage\n") || strings.Contains(got, `"id"`) {
			t.Errorf("who watches another country is told %s", got)
		}
		cancel()
		<-client.ended
		<-other.ended
	})
}

// A client that follows is told nothing more once the API stops, and Shutdown waits for that. So it does for answers that read the log.
func TestShutdownEndsAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{})
		server.knowOutage(time.Now().Add(-time.Hour))
		defer server.watch(t)()
		synctest.Wait()
		client := server.follow(t.Context(), "/api/outages")
		server.log.add(liveResults, 1001, time.Now())
		server.log.takes = time.Hour
		server.knowMeasurements()
		reading := make(chan *httptest.ResponseRecorder)
		go func() { reading <- server.ask("/api/measurements?source=log") }()
		synctest.Wait()
		began := time.Now()
		server.Shutdown(t.Context())
		<-client.ended
		answer := <-reading
		if took := time.Since(began); took > time.Second || answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "[shutting_down]") {
			t.Errorf("after %s: got %d %s", took, answer.Code, answer.Body)
		}
		if got := client.fresh(); !strings.HasSuffix(got, "\n\n") {
			t.Errorf("it ends in the middle of an event: %q", got)
		}
	})
}

// stuck is a client that reads nothing, until it is cut off.
type stuck struct {
	header http.Header
	cut    chan struct{}
}

func (s *stuck) Header() http.Header { return s.header }
func (s *stuck) WriteHeader(int)     {}

func (s *stuck) Write([]byte) (int, error) {
	<-s.cut
	return 0, errors.New("the time for a write is over")
}

func (s *stuck) SetWriteDeadline(at time.Time) error {
	if !at.After(time.Now()) {
		close(s.cut)
	}
	return nil
}

func TestShutdownCutsOffClientsThatDoNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{WriteTimeout: time.Hour}, ratelimit.Limits{})
		server.knowOutage(time.Now().Add(-time.Hour))
		defer server.watch(t)()
		client := &stuck{http.Header{}, make(chan struct{})}
		request := httptest.NewRequest(http.MethodGet, "/api/outages", bytes.NewReader(nil))
		request.Header.Set("Accept", endpoint.MediaEvents)
		go server.ServeHTTP(client, request)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		server.Shutdown(ctx)
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("Shutdown took %s, want 5s", took)
		}
	})
}

// While a gateway drains, those who follow outages leave one by one and nobody else begins to; other questions are answered.
func TestFollowingOutagesEndsWithADrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{})
		server.come("connect", time.Now().Add(-time.Hour), french...)
		defer server.watch(t)()
		synctest.Wait()
		clients := []*following{server.follow(t.Context(), "/api/outages"), server.follow(t.Context(), "/api/outages")}
		server.Refuse()
		departures := server.Departures()
		if answer := server.ask("/api/outages", "Accept", endpoint.MediaEvents); answer.Code != http.StatusServiceUnavailable ||
			answer.Header().Get("Connection") != "close" || !strings.HasPrefix(answer.Body.String(), `{"error":"[shutting_down] `) {
			t.Errorf("a newcomer got %d %v %s", answer.Code, answer.Header(), answer.Body)
		}
		if answer := server.ask("/api/outages"); answer.Code != http.StatusOK {
			t.Errorf("a question got %d %s", answer.Code, answer.Body)
		}
		for i, depart := range departures {
			if !depart() {
				t.Error("somebody who is there counts as gone")
			}
			synctest.Wait()
			ended := 0
			for _, client := range clients {
				select {
				case <-client.ended:
					ended++
				default:
				}
			}
			if ended != i+1 || len(departures) != len(clients) {
				t.Errorf("%d of %d have ended after %d were told", ended, len(clients), i+1)
			}
		}
	})
}
