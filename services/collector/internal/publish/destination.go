package publish

import (
	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// Destination is a topic, and how to read what goes there: events or, of a registry, objects.
type Destination struct {
	Topic   string
	Event   func(raw []byte) (atlas.Event, error)
	Object  func(raw []byte) (atlas.Object, error)
	Live    bool     // what it has is replayed as it came in: by time, but for some lateness
	Members []string // under which of a page's names its values stand, where pages are taken
}

// Results and ProbeStatus take what arrives live.
var (
	Results     = Destination{Topic: eventlog.ResultsTopic, Event: atlas.ParseResult, Live: true}
	ProbeStatus = Destination{Topic: eventlog.ProbeStatusTopic, Event: atlas.ParseProbeStatus, Live: true}
)

// Probes and Measurements are the registries.
var (
	Probes       = Destination{Topic: eventlog.ProbesTopic, Object: atlas.ProbeObject, Members: pageMembers}
	Measurements = Destination{Topic: eventlog.MeasurementsTopic, Object: atlas.MeasurementObject, Members: pageMembers}
)

// pageMembers name the arrays of RIPE's lists: in what the API answers, and in the daily files of its probe archive.
var pageMembers = []string{"results", "objects"}

// Archive takes results of the past, and connection events, into a topic of their own.
func Archive(topic string) Destination { return Destination{Topic: topic, Event: atlas.ParseArchived} }
