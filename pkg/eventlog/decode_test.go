package eventlog

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	eventv1 "atlasstream/proto/event/v1"

	"github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"
)

func decodeByProto(raw []byte) (event atlas.Event, valid bool) {
	var header eventv1.Header
	if err := proto.Unmarshal(raw, &header); err != nil || len(header.EventId) != len(event.ID) {
		return atlas.Event{}, false
	}
	event = atlas.Event{
		Stream: streamOf(header.Type), Measurement: atlas.MeasurementID(header.Measurement), Probe: atlas.ProbeID(header.Probe), Type: header.Type,
		ID: atlas.EventID(header.EventId),
	}
	return event, event.ID != atlas.EventID{} && event.Measurement > 0 && event.Probe > 0 && event.Type != ""
}

// headerDecoder decodes what package proto does.
func FuzzHeaderDecoder(f *testing.F) {
	event := parsed(f, pingValue)
	message, err := newEncoder(1, time.Now()).event(ResultsTopic, &event)
	if err != nil {
		f.Fatal(err)
	}
	for length := range message.Headers[0].Value {
		f.Add(message.Headers[0].Value[:length], message.Headers[0].Value[length:])
	}
	f.Add(slices.Concat(message.Headers[0].Value, message.Headers[0].Value), []byte("\x1a\x01\xff"))
	f.Add([]byte("\x0b\x0c\x0d"), []byte("\x5a\x03abc"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var decoder headerDecoder
		for _, raw := range [][]byte{first, second, slices.Concat(second, first), first} {
			want, wantOK := decodeByProto(raw)
			var got atlas.Event
			ok := decoder.decode([]kafka.Header{{Key: "other"}, {Key: headerKey, Value: raw}}, &got)
			if ok != wantOK || ok && !reflect.DeepEqual(got, want) {
				t.Errorf("%x: got %+v, %v, want %+v, %v", raw, got, ok, want, wantOK)
			}
		}
	})
}

func BenchmarkHeaderDecoder(b *testing.B) {
	event := parsed(b, pingValue)
	message, err := newEncoder(1, time.Now()).event(ResultsTopic, &event)
	if err != nil {
		b.Fatal(err)
	}
	var decoder headerDecoder
	b.ReportAllocs()
	for b.Loop() {
		decoder.decode(message.Headers, &event)
	}
}
