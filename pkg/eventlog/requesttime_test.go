package eventlog

import (
	"encoding/binary"
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go/protocol"
)

// encoded is the beginning of a request.
func encoded(api protocol.ApiKey) []byte {
	return append(binary.BigEndian.AppendUint16(make([]byte, 4), uint16(api)), "and so on"...)
}

// A request's time ends with the first bytes of its response, in however many parts either goes.
func TestRequestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		metrics, err := newMetrics(registry)
		if err != nil {
			t.Fatal(err)
		}
		timer := metrics.requestTimes.begin("kafka-0:9092")
		for _, request := range []protocol.ApiKey{protocol.Produce, protocol.Fetch, -1} {
			timer.writing(encoded(request))
			time.Sleep(40 * time.Millisecond)
			timer.writing(encoded(protocol.Metadata)) // its second part
			time.Sleep(40 * time.Millisecond)
			timer.answered()
			time.Sleep(time.Hour)
			timer.answered()
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]uint64{}
		for _, family := range families {
			for _, metric := range family.GetMetric() {
				if histogram := metric.GetHistogram(); histogram.GetSampleSum() == 0.08 {
					got[metric.GetLabel()[0].GetValue()+" of "+metric.GetLabel()[1].GetValue()] = histogram.GetSampleCount()
				}
			}
		}
		if want := map[string]uint64{"Produce of kafka-0:9092": 1, "Fetch of kafka-0:9092": 1, "other of kafka-0:9092": 1}; !maps.Equal(got, want) {
			t.Errorf("80 ms were measured so often: %v, want %v", got, want)
		}
	})
}

// However many addresses brokers get in the course of time, metrics stay few.
func TestMeasuredBrokersAreBounded(t *testing.T) {
	metrics, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for i := range 3 * maxMeasuredBrokers {
			timer := metrics.requestTimes.begin(fmt.Sprintf("10.0.%d.%d:9092", i/256, i%256))
			timer.writing(encoded(protocol.Fetch))
			timer.answered()
		}
	}
	if got := testutil.CollectAndCount(metrics.requestTimes.seconds); got != maxMeasuredBrokers+1 {
		t.Errorf("%d series, want one for each of %d brokers and one for the others", got, maxMeasuredBrokers)
	}
}
