package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// network is a set of probes of which some are disconnected for a while.
type network struct {
	probes []simulatedProbe
	away   []int // indexes, the one that left first at the front
	random *rand.Rand
}

type simulatedProbe struct {
	id       int
	lat, lon float64
	country  string
	asn      int
}

const (
	firstProbe = 1
	firstASN   = 1000
	asns       = 2000
	awayShare  = 0.01 // of the probes, once so many have left
)

var countries = strings.Fields("AT AU BE BR CA CH CZ DE DK ES FI FR GB IE IT JP NL NO PL RU SE SG UA US ZA")

func newNetwork(size int) *network {
	n := &network{random: rand.New(rand.NewPCG(1, 1))}
	for i := range size {
		n.probes = append(n.probes, n.newProbe(i))
	}
	return n
}

// newProbe is in Europe more often than not, as real ones are.
func (n *network) newProbe(i int) simulatedProbe {
	lat, lon := n.between(-38, 62), n.between(-120, 150)
	if i%3 > 0 {
		lat, lon = n.between(37, 60), n.between(-9, 30)
	}
	return simulatedProbe{id: firstProbe + i, lat: lat, lon: lon, country: countries[i%len(countries)], asn: firstASN + n.random.IntN(asns)}
}

func (n *network) between(low, high float64) float64 { return low + (high-low)*n.random.Float64() }

// register writes the registry, in which all are connected.
func (n *network) register(ctx context.Context, writer *eventlog.Writer) error {
	since := time.Now().Add(-7 * 24 * time.Hour)
	for part := range slices.Chunk(n.probes, 1000) {
		var objects []atlas.Object
		for _, probe := range part {
			object, err := atlas.ProbeObject(probe.object(since))
			if err != nil {
				return err
			}
			objects = append(objects, object)
		}
		if err := writer.AppendObjects(ctx, eventlog.ProbesTopic, objects); err != nil {
			return err
		}
	}
	return nil
}

func (p simulatedProbe) object(since time.Time) []byte {
	return fmt.Appendf(nil, `{"id":%d,"asn_v4":%d,"country_code":%q,"geometry":{"type":"Point","coordinates":[%.3f,%.3f]},"is_public":true,`+
		`"status":{"id":1,"name":"Connected","since":%q},"status_since":%d,"first_connected":%d}`,
		p.id, p.asn, p.country, p.lon, p.lat, since.Format(time.RFC3339), since.Unix(), since.Unix())
}

// change gives so many events: probes leave by chance, and come back in their order.
func (n *network) change(count int, at time.Time) (events []atlas.Event, err error) {
	for range count {
		event, err := atlas.ParseProbeStatus(n.next(at))
		if err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	return events, nil
}

func (n *network) next(at time.Time) []byte {
	if float64(len(n.away)) > awayShare*float64(len(n.probes)) {
		back := n.away[0]
		n.away = n.away[1:]
		return n.probes[back].event("connect", at)
	}
	leaving := n.random.IntN(len(n.probes))
	for slices.Contains(n.away, leaving) {
		leaving = (leaving + 1) % len(n.probes)
	}
	n.away = append(n.away, leaving)
	return n.probes[leaving].event("disconnect", at)
}

func (p simulatedProbe) event(name string, at time.Time) []byte {
	return fmt.Appendf(nil, `{"type":"connection","event":%q,"prb_id":%d,"timestamp":%d,"controller":"ctr-%02d","asn":%d,"prefix":"10.0.0.0/8","msm_id":%d}`,
		name, p.id, at.Unix(), p.id%20, p.asn, atlas.ConnectionMeasurement)
}
