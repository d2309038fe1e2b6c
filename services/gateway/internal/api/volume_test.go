package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/jitter/jittertest"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// volumeFigures is what a page needs of /api/volume.
type volumeFigures struct {
	From, To, Step     float64
	Of, Quality        string
	Buckets, Low, High []*float64
	Log                *struct{ From, To float64 }
	Omitted            []struct {
		Topic   string
		Records int64
	}
	Read struct{ Records, Bytes int64 }
}

// begun is a moment in the past of a bubble's clock, which begins in 2000.
const begun = 946_600_000

func TestVolume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{})
		server.registry.MarkMeasurementsCaughtUp()
		for i := range 100 {
			server.log.add(liveResults, atlas.MeasurementID(1001+2*(i%2)), time.Unix(begun+1000+int64(i), 0))
		}
		got := server.ask(fmt.Sprintf("/api/volume?msm=1001&from=%d&to=%d&buckets=4", begun+949, begun+1049)).Body.String()
		want := fmt.Sprintf(`{"from":%d,"to":%d,"step":25,"of":"measurement","quality":"exact","buckets":[null,null,12,13],"low":null,"high":null,`+
			`"log":{"from":%d,"to":%d},"omitted":[],"read":{"records":102,"bytes":10200,"ms":0}}`+"\n", begun+949, begun+1049, begun+1000, begun+1099)
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		server.log.topics[liveProbeStatus][0].records = []fakeRecord{{atlas.ConnectionMeasurement, time.Unix(begun, 0)}}
		for _, query := range []string{"stream=probestatus", "msm=7000"} {
			got := get[volumeFigures](t, server, fmt.Sprintf("/api/volume?%s&from=%d&buckets=1", query, begun-1))
			if len(got.Buckets) != 1 || value(got.Buckets[0]) != 1 {
				t.Errorf("%s: got %+v", query, got)
			}
		}
	})
}

// What is sampled comes with an interval for each bucket, and what is of the partition says so.
func TestVolumeOfALongLog(t *testing.T) {
	server := serve(t, Settings{}, ratelimit.Limits{})
	server.registry.MarkMeasurementsCaughtUp()
	server.log.length = answerscan.MaxBytes / 10_000
	for i := range 40_000 {
		server.log.add(liveResults, atlas.MeasurementID(1001+2*(i%4)), time.Unix(begun+int64(i), 0))
	}
	query := fmt.Sprintf("/api/volume?msm=1001&from=%d&to=%d", begun-1000, begun+41_000)
	checkAnswer(t, describedAPI(t).Paths.Value("/api/volume").Get, http.StatusOK, server.ask(query).Body.Bytes(), query)
	got := get[volumeFigures](t, server, query)
	if got.Quality != "sampled" || got.Of != "measurement" || len(got.Buckets) != 120 || len(got.Low) != 120 || len(got.High) != 120 {
		t.Fatalf("got %+v", got)
	}
	if got.Buckets[0] != nil || got.Low[0] != nil || got.High[0] != nil || value(got.Low[60]) > 87.5 || value(got.High[60]) < 87.5 {
		t.Errorf("got %v, %g and %g to %g, want null and 87.5", got.Buckets[0], value(got.Buckets[60]), value(got.Low[60]), value(got.High[60]))
	}
}

func TestVolumesAreRefused(t *testing.T) {
	for _, test := range []struct {
		mode, query, token, want string
		status                   int
	}{
		{"off", "msm=1001&from=0", tokenOfHistory, "[unserved_parameter] from: this gateway does not read the past", 400},
		{"token", "msm=1001&from=0", "", "[not_allowed] from: only clients with a token of the role history", 403},
		{"token", "msm=1001&from=0", tokenOfNonPublic, "[not_allowed] from: only clients with a token of the role history", 403},
		{"token", "msm=1001&from=0", tokenOfHistory, `"quality":"exact"`, 200},
		{"open", "msm=1003&from=0", tokenOfHistory, `"[unknown_measurement] msm: got 1003, want a measurement that this service knows"`, 404},
		{"open", "msm=1003&from=0", tokenOfNonPublic, `"quality":"exact"`, 200},
		{"open", "from=0", "", "[missing_parameter] msm: missing; want the measurement, or stream=probestatus", 400},
		{"open", "msm=1001", "", "[missing_parameter] from: missing", 400},
		{"open", "msm=1001&stream=probestatus&from=0", "", "[invalid_parameter] stream: came with msm", 400},
		{"open", "stream=result&from=0", "", `[invalid_parameter] stream: got \"result\", want one of probestatus`, 400},
		{"open", "msm=1001&from=2&to=1", "", "[invalid_parameter] from: got 1970-01-01T00:00:02Z, want no later than 1970-01-01T00:00:01Z, when the interval ends", 400},
		{"open", "msm=1001&from=2999-01-01", "", "[invalid_parameter] from: got 2999-01-01T00:00:00Z, want no later than", 400},
		{"open", "msm=1001&from=0&buckets=241", "", "[invalid_parameter] buckets: got", 400},
	} {
		server := serve(t, Settings{History: HistoryPolicy{Mode: test.mode}}, ratelimit.Limits{})
		server.knowMeasurements()
		var header []string
		if test.token != "" {
			header = bearer(test.token)
		}
		if answer := server.ask("/api/volume?"+test.query, header...); answer.Code != test.status || !strings.Contains(answer.Body.String(), test.want) {
			t.Errorf("%s, %s with %q: got %d %s, want %d %s", test.mode, test.query, test.token, answer.Code, answer.Body, test.status, test.want)
		}
	}
}

func TestLogThatCannotBeRead(t *testing.T) {
	server := serve(t, Settings{}, ratelimit.Limits{})
	server.knowMeasurements()
	server.log.fails = errors.New("dial tcp 10.0.0.1:9092: refused")
	for _, path := range []string{"/api/volume?msm=1001&from=0", "/api/measurements/1001", "/api/measurements?source=log"} {
		answer := server.ask(path)
		const want = `{"error":"[unavailable] the log cannot be read right now; try again in some seconds"}` + "\n"
		if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" || answer.Body.String() != want {
			t.Errorf("%s: got %d %v %s", path, answer.Code, answer.Header(), answer.Body)
		}
	}
}

// Of those who ask for the same at a time one has the log read, and so it is for who asks a moment later.
func TestTheSameVolumeIsMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{})
		server.knowMeasurements()
		server.log.add(liveResults, 1001, time.Unix(begun, 0))
		query := fmt.Sprintf("/api/volume?msm=1001&from=%d&to=%d", begun-1, begun+1)
		var clients sync.WaitGroup
		for range 20 {
			clients.Go(func() {
				if answer := server.ask(query); answer.Code != http.StatusOK {
					t.Errorf("got %d %s", answer.Code, answer.Body)
				}
			})
		}
		clients.Wait()
		once := server.log.scans
		get[volumeFigures](t, server, query+"&buckets=7")
		if server.log.scans != 2*once {
			t.Errorf("the log was scanned %d times for one volume, and %d times for two", once, server.log.scans)
		}
		time.Sleep(volumeAge)
		if get[volumeFigures](t, server, query); server.log.scans != 3*once {
			t.Errorf("the log was scanned %d times after a while", server.log.scans)
		}
	})
}

// A hundred clients that ask for different volumes at the same time get right answers, or an error that says when to retry.
func TestAbuseManyVolumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, Settings{}, ratelimit.Limits{})
		server.knowMeasurements()
		server.log.takes = time.Second // a scan
		for i := range 100 {
			server.log.add(liveResults, 1001, time.Unix(begun+int64(i), 0))
		}
		var clients sync.WaitGroup
		var mu sync.Mutex
		statuses := make(map[int]int)
		for i := range 100 {
			clients.Go(func() {
				answer := server.ask(fmt.Sprintf("/api/volume?msm=1001&from=%d&to=%d&buckets=1", begun, begun+i))
				want := fmt.Sprintf(`"buckets":[%d]`, i+1)
				code := map[int]string{http.StatusTooManyRequests: "too_many_reads", http.StatusServiceUnavailable: "unavailable"}[answer.Code] // the latter in the middle of one's turn
				refused := code != "" && strings.HasPrefix(answer.Body.String(), `{"error":"[`+code+`] `) && jittertest.RetriesAround(answer.Header(), engineio.RetryAfter)
				if !refused && (answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), want)) {
					t.Errorf("got %d %s", answer.Code, answer.Body)
				}
				mu.Lock()
				defer mu.Unlock()
				statuses[answer.Code]++
			})
		}
		clients.Wait()
		if statuses[http.StatusOK] < 5 || statuses[http.StatusTooManyRequests] < 50 || server.log.atOnce != 1 {
			t.Errorf("got %v, and %d scans at once", statuses, server.log.atOnce)
		}
	})
}
