package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/eventlog/kafkatest"
)

// answerer is a gateway over a log that a test writes.
type answerer struct {
	public string
	log    *eventlog.Log
	writer *eventlog.Writer
}

const archiveOf2015 = "atlas.archive.march-2015"

// answerFrom starts a gateway that replays for everybody, and waits until it is ready.
func answerFrom(t *testing.T, brokers []string, objects ...string) *answerer {
	t.Helper()
	log, err := eventlog.Open(eventlog.Config{Brokers: brokers}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	archive, err := eventlog.ArchiveSpec("march-2015")
	if err != nil {
		t.Fatal(err)
	}
	if err := log.EnsureTopics(t.Context(), eventlog.ResultsSpec(4), eventlog.ProbeStatusSpec(), eventlog.ProbesSpec(), eventlog.MeasurementsSpec(), archive); err != nil {
		t.Fatal(err)
	}
	a := &answerer{log: log, writer: log.Writer(eventlog.WriterConfig{})}
	t.Cleanup(func() { _ = a.writer.Close(context.Background()) })
	for _, text := range objects {
		object, err := atlas.MeasurementObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.writer.AppendObjects(t.Context(), eventlog.MeasurementsTopic, []atlas.Object{object}); err != nil {
			t.Fatal(err)
		}
	}
	a.run(t, brokers)
	return a
}

func (a *answerer) run(t *testing.T, brokers []string) {
	t.Helper()
	public, admin := listen(t), listen(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Config{Kafka: brokers, Listener: public, AdminListener: admin, History: HistoryOpen, CursorKey: "a key of sixteen bytes", AddressMessages: 100_000})
	}()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	a.public = "http://" + public.Addr().String()
	awaitReadiness(t, admin.Addr().String(), http.StatusOK, "ready")
}

func (a *answerer) write(t *testing.T, topic string, events []atlas.Event) {
	t.Helper()
	if err := a.writer.Append(t.Context(), topic, events); err != nil {
		t.Fatal(err)
	}
}

// ask decodes an answer.
func ask[T any](t *testing.T, a *answerer, path string) (answer T) {
	t.Helper()
	status, body := get(t, a.public+path)
	if status != http.StatusOK {
		t.Fatalf("%s: got %d %s", path, status, body)
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%s: %v in %s", path, err, body)
	}
	return answer
}

type volumeFigures struct {
	Quality            string
	Buckets, Low, High []*float64
	Log                struct{ From, To float64 }
	Read               struct{ Records int64 }
}

// counts takes null for nothing.
func (v *volumeFigures) counts() (counts []float64) {
	for _, count := range v.Buckets {
		if count == nil {
			count = new(float64)
		}
		counts = append(counts, *count)
	}
	return counts
}

// countIn is the oracle: how many events there are in each of so many parts of an interval of whole seconds, whose end belongs to it.
func countIn(events []atlas.Event, from, to int64, buckets int) []float64 {
	counts := make([]float64, buckets)
	for _, event := range events {
		if at := event.Time.UnixMilli(); at >= from*1000 && at <= to*1000 {
			bucket := buckets - 1
			for bucket > 0 && at < from*1000+int64(bucket)*(to-from)*1000/int64(buckets) {
				bucket--
			}
			counts[bucket]++
		}
	}
	return counts
}

// Measurement 1768147 of March 2015, imported into an archive, is counted to the last result, and what the log has of it is told.
func TestVolumeOfRealData(t *testing.T) {
	t.Run("embedded", func(t *testing.T) {
		broker, err := embedded.Start(embedded.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = broker.Close() })
		countRealData(t, broker.Addrs())
	})
	t.Run("Apache Kafka", func(t *testing.T) { countRealData(t, kafkatest.Start(t, 1).Addrs()) })
}

func countRealData(t *testing.T, brokers []string) {
	const object = `{"id":1768147,"type":"dns","is_public":true,"description":"which instance answers","interval":3600,"unread":{"member":[1,"é"]}}`
	a := answerFrom(t, brokers, object, `{"id":1001,"is_public":false}`)
	events := realFile(t, "dns", 1768147)
	a.write(t, archiveOf2015, events)
	a.write(t, archiveOf2015, realFile(t, "traceroute", 79033209))
	recent := recentResults(t, 1768147)
	a.write(t, eventlog.ResultsTopic, recent)
	first, last := slices.MinFunc(events, byTime).Time.Unix(), slices.MaxFunc(events, byTime).Time.Unix()
	for _, buckets := range []int{1, 7, 120, 240} {
		got := ask[volumeFigures](t, a, fmt.Sprintf("/api/volume?msm=1768147&from=%d&to=%d&buckets=%d", first, last, buckets))
		if want := countIn(events, first, last, buckets); !slices.Equal(got.counts(), want) || got.Quality != "exact" {
			t.Errorf("%d buckets: got %v\nwant %v, exact", buckets, got.counts(), want)
		}
		sum := 0.0
		for _, count := range got.counts() {
			sum += count
		}
		if sum != 2771 {
			t.Errorf("%d buckets sum up to %g, want 2771", buckets, sum)
		}
	}
	whole := ask[volumeFigures](t, a, fmt.Sprintf("/api/volume?msm=1768147&from=%d&buckets=200", first-86400*365))
	if whole.Buckets[0] != nil || whole.Buckets[100] != nil || whole.Buckets[199] == nil || *whole.Buckets[199] != float64(len(recent)) || int64(whole.Log.From) > first {
		t.Errorf("got %v, want nothing before the archive and between it and what is live; the log is said to begin at %f", whole.counts(), whole.Log.From)
	}
	measurement := ask[struct {
		Object      json.RawMessage
		First, Last float64
		Complete    bool
	}](t, a, "/api/measurements/1768147")
	if string(measurement.Object) != object || measurement.Last != float64(recent[len(recent)-1].Time.Unix()) || !measurement.Complete {
		t.Errorf("got %s, %+v", measurement.Object, measurement)
	}
	if status, body := get(t, a.public+"/api/measurements/1001"); status != http.StatusNotFound || !strings.Contains(body, "[unknown_measurement] id: got 1001") {
		t.Errorf("what is not public: got %d %s", status, body)
	}
	met := ask[struct{ Measurements []struct{ ID int64 } }](t, a, "/api/measurements?source=log")
	if len(met.Measurements) != 2 || met.Measurements[0].ID != 1768147 || met.Measurements[1].ID != 79033209 {
		t.Errorf("met %+v", met)
	}
}

// A volume that is sampled from Kafka has the truth in its interval for at least 90 % of buckets.
func TestSampledVolume(t *testing.T) {
	broker, err := embedded.Start(embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	a := answerFrom(t, broker.Addrs())
	const count, length, buckets = 5000, 16_000, 20
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.Now().Add(-2 * time.Hour).Unix()
	ids := inOnePartition(4)
	byMeasurement := make(map[atlas.MeasurementID][]atlas.Event)
	var events []atlas.Event
	for i := range int64(count) {
		id := ids[int(random.Float64()*random.Float64()*float64(len(ids)))]
		event, err := atlas.ParseResult(fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"ping","x":%q}`, id, i+1, begin+i*3600/count, letters(random, length)))
		if err != nil {
			t.Fatal(err)
		}
		byMeasurement[event.Measurement] = append(byMeasurement[event.Measurement], event)
		if events = append(events, event); len(events) == 500 {
			a.write(t, eventlog.ResultsTopic, events)
			events = events[:0]
		}
	}
	covered := 0
	for id, events := range byMeasurement {
		got := ask[volumeFigures](t, a, fmt.Sprintf("/api/volume?msm=%d&from=%d&to=%d&buckets=%d", id, begin, begin+3600, buckets))
		if got.Quality != "sampled" {
			t.Fatalf("the volume is %s, of %d records", got.Quality, got.Read.Records)
		}
		for i, want := range countIn(events, begin, begin+3600, buckets) {
			if *got.Low[i] <= want && want <= *got.High[i] {
				covered++
			}
		}
	}
	if all := len(byMeasurement) * buckets; 10*covered < 9*all {
		t.Errorf("%d of %d buckets are covered", covered, all)
	}
}

// letters gives a text that hardly can be compressed.
func letters(random *rand.Rand, length int) string {
	text := make([]byte, length)
	for i := range text {
		text[i] = byte(' ' + random.IntN(95))
	}
	return strings.Map(func(letter rune) rune {
		if letter == '"' || letter == '\\' {
			return '.'
		}
		return letter
	}, string(text))
}

// inOnePartition gives measurements of one partition.
func inOnePartition(count int) (ids []int64) {
	for id := int64(1); len(ids) < count; id++ {
		if eventlog.PartitionOf(atlas.MeasurementID(id), 4) == 0 {
			ids = append(ids, id)
		}
	}
	return ids
}
