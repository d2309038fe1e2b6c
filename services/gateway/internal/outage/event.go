package outage

import (
	"fmt"
	"time"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
)

// ConnectionEvent is a change of the connection between a probe and its controller.
type ConnectionEvent struct {
	Offset     int64 // in the log, where events have one order
	Time       time.Time
	Probe      atlas.ProbeID
	Connected  bool
	Controller string // "" if the event has none
	ASN        int64  // 0 if the event has none
}

// longestController is longer than any name of a controller; longer ones are ignored.
const longestController = 100

// EventOf parses a record of the connection events.
func EventOf(record *atlas.Record) (ConnectionEvent, error) {
	if record.Stream != atlas.StreamProbeStatus {
		return ConnectionEvent{}, fmt.Errorf("stream: got %q, want %q", record.Stream, atlas.StreamProbeStatus)
	}
	members := gjson.GetManyBytes(record.Value, "event", "controller", "asn")
	kind, controller, asn := members[0].String(), members[1], members[2]
	if kind != "connect" && kind != "disconnect" {
		return ConnectionEvent{}, fmt.Errorf(`event: got %.40q, want "connect" or "disconnect"`, kind)
	}
	event := ConnectionEvent{Offset: record.Position.Offset, Time: record.Time, Probe: record.Probe, Connected: kind == "connect"}
	if controller.Type == gjson.String && len(controller.Str) <= longestController {
		event.Controller = controller.Str
	}
	if asn.Type == gjson.Number && asn.Num >= 1 && asn.Num <= maxASN {
		event.ASN = int64(asn.Num)
	}
	return event, nil
}

const maxASN = 1<<32 - 1

// instant is a time in milliseconds since 1970.
type instant int64

const (
	second = instant(time.Second / time.Millisecond)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

func instantOf(t time.Time) instant { return instant(t.UnixMilli()) }

// seconds is a time in Unix seconds, as in the stream.
func (i instant) seconds() float64 { return float64(i) / float64(second) }
