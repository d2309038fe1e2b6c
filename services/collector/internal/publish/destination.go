package publish

import (
	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// Destination is a topic, and how to read what goes there.
type Destination struct {
	Topic string
	Parse func(raw []byte) (atlas.Event, error)
}

// Results and ProbeStatus take what arrives live.
var (
	Results     = Destination{Topic: eventlog.ResultsTopic, Parse: atlas.ParseResult}
	ProbeStatus = Destination{Topic: eventlog.ProbeStatusTopic, Parse: atlas.ParseProbeStatus}
)

// Archive takes results of the past into a topic of their own.
func Archive(topic string) Destination { return Destination{Topic: topic, Parse: atlas.ParseResult} }
