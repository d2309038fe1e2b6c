package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// The real network, and for how many days it has had connection events: as many as a detector learns from, and today's.
const (
	realMeasurements = 50_900
	realProbes       = 13_421
	daysOfEvents     = 4
	eventsOfDay      = 17_000
)

// apiMemoryFigures is what a gateway holds for the read API.
type apiMemoryFigures struct {
	Measurements, Probes, Events int
	Before                       float64 // bytes in use with the registry, and answers about it
	Added                        float64 // once there are connection events, and the same answers about these
}

// apiMemory measures a gateway over a log of its own.
func (s *settings) apiMemory(ctx context.Context, lab *lab, report *report) error {
	if !slices.Contains(s.Scenario, "api") {
		return nil
	}
	own := *lab
	if err := own.startEmbedded(ctx); err != nil {
		return err
	}
	defer own.stop()
	if err := own.makeTopics(ctx); err != nil {
		return err
	}
	figures, err := own.measureAPIMemory(ctx, s.share(realMeasurements), s.share(realProbes))
	if err != nil {
		return fmt.Errorf("api: memory: %w", err)
	}
	report.APIMemory = append(report.APIMemory, figures)
	return nil
}

func (l *lab) measureAPIMemory(ctx context.Context, measurements, probes int) (figures apiMemoryFigures, err error) {
	log, err := eventlog.Open(eventlog.Config{Brokers: strings.Split(l.kafka, ",")}, zap.NewNop(), nil)
	if err != nil {
		return figures, err
	}
	defer log.Close() //nolint:errcheck // the writer has told what was written
	writer := log.Writer(eventlog.WriterConfig{})
	defer writer.Close(context.WithoutCancel(ctx)) //nolint:errcheck // likewise
	if err := writeRegistry(ctx, writer, measurements, probes); err != nil {
		return figures, err
	}
	if figures.Before, err = l.heldByGateway(ctx); err != nil {
		return figures, err
	}
	figures.Measurements, figures.Probes = measurements, probes
	if figures.Events, err = writeConnections(ctx, writer, probes); err != nil {
		return figures, err
	}
	after, err := l.heldByGateway(ctx)
	figures.Added = after - figures.Before
	return figures, err
}

// heldByGateway is what a gateway has in use that has told outages, connections, probes and measurements.
func (l *lab) heldByGateway(ctx context.Context) (bytes float64, err error) {
	server := servers["ours"]
	server.command = openGatewayCommand
	target, err := l.startServer(ctx, server)
	if err != nil {
		return 0, err
	}
	defer target.stop()
	for _, path := range []string{"outages?watch=NL", "outages", "connections?step=600&country=all", "probes", "measurements?q=root"} {
		url := "http://" + target.address + "/api/" + path
		if err := awaitReady(ctx, func(ctx context.Context) error { return answersOK(ctx, url) }); err != nil {
			return 0, err
		}
	}
	held, err := target.inUse(ctx)
	return held.total(), err
}

func writeRegistry(ctx context.Context, writer *eventlog.Writer, measurements, probes int) error {
	objects := make([]atlas.Object, measurements)
	for i := range objects {
		objects[i] = measurementObject(int64(1 + i))
	}
	if err := writer.AppendObjects(ctx, eventlog.MeasurementsTopic, objects); err != nil {
		return err
	}
	objects = make([]atlas.Object, probes)
	for i := range objects {
		objects[i] = probeObject(int64(1 + i))
	}
	return writer.AppendObjects(ctx, eventlog.ProbesTopic, objects)
}

// measurementObject has what the real ones have of what the registry keeps.
func measurementObject(id int64) atlas.Object {
	return objectOf(id, map[string]any{
		"id": id, "type": "ping", "af": 4, "is_public": true, "status": map[string]any{"id": 2, "name": "Ongoing"}, "interval": 240,
		"participant_count": 10, "start_time": 1426633200 + id, "target": fmt.Sprintf("host-%d.example.org", id),
		"description": fmt.Sprintf("Ping measurement %d to anchor host-%d.example.org", id, id),
	})
}

// The networks and countries of the probes, of which a few have most.
const (
	realNetworks  = 4000
	realCountries = 170
)

func asnOf(id int64) int64 { return 1 + id*id*id%(realNetworks*realNetworks)/realNetworks }

func probeObject(id int64) atlas.Object {
	country := id * id % (realCountries * realCountries) / realCountries
	return objectOf(id, map[string]any{
		"id": id, "country_code": fmt.Sprintf("%c%c", 'A'+country/26, 'A'+country%26), "asn_v4": asnOf(id), "is_public": true,
		"geometry": map[string]any{"type": "Point", "coordinates": []float64{float64(id%3600)/10 - 180, float64(id%1200)/10 - 60}},
		"status":   map[string]any{"id": 1, "name": "Connected", "since": "2026-01-01T00:00:00Z"},
	})
}

func objectOf(id int64, members map[string]any) atlas.Object {
	return atlas.Object{ID: id, Value: jsonOf(members)}
}

func jsonOf(members map[string]any) []byte {
	text, err := json.Marshal(members)
	if err != nil {
		panic(err) // it is made of what JSON has
	}
	return text
}

// writeConnections has probes be away for a minute, at random and up to now.
func writeConnections(ctx context.Context, writer *eventlog.Writer, probes int) (count int, err error) {
	const pairs, length = daysOfEvents * eventsOfDay / 2, daysOfEvents * 24 * time.Hour
	random := rand.New(rand.NewPCG(1, 2))
	began := time.Now().Add(-length)
	var events []atlas.Event
	for pair := range pairs {
		at, id := began.Add(time.Duration(pair)*length/pairs), int64(1+random.IntN(probes))
		for _, kind := range []string{"disconnect", "connect"} {
			event, err := atlas.ParseProbeStatus(jsonOf(map[string]any{
				"type": "connection", "event": kind, "prb_id": id, "timestamp": at.Unix(), "controller": fmt.Sprintf("ctr-%d", id%30), "asn": asnOf(id),
			}))
			if err != nil {
				return 0, err
			}
			events = append(events, event)
			at = at.Add(time.Minute)
		}
	}
	return len(events), writer.Append(ctx, eventlog.ProbeStatusTopic, events)
}
