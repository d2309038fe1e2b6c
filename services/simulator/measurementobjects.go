package simulator

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"atlasstream/pkg/atlas"
)

// builtInSince is when the built-in measurements began, in Unix seconds: the first of October 2010.
const builtInSince = 1285891200

// measurementObject is a measurement in the shape of RIPE's measurement API, version 2.
type measurementObject struct {
	AF               int                 `json:"af"`
	CreationTime     int64               `json:"creation_time"`
	Description      string              `json:"description"`
	ID               atlas.MeasurementID `json:"id"`
	Interval         int64               `json:"interval"` // seconds
	IsAllScheduled   bool                `json:"is_all_scheduled"`
	IsOneoff         bool                `json:"is_oneoff"`
	IsPublic         bool                `json:"is_public"`
	ParticipantCount int                 `json:"participant_count"`
	ProbesRequested  int                 `json:"probes_requested"`
	ProbesScheduled  int                 `json:"probes_scheduled"`
	ResolvedIPs      []netip.Addr        `json:"resolved_ips"`
	StartTime        int64               `json:"start_time"`
	Status           measurementStatus   `json:"status"`
	StopTime         *int64              `json:"stop_time"`
	Tags             []string            `json:"tags"`
	Target           string              `json:"target"`
	TargetIP         netip.Addr          `json:"target_ip"`
	Type             string              `json:"type"`
}

type measurementStatus struct {
	ID   int        `json:"id"`
	Name string     `json:"name"`
	When *time.Time `json:"when"`
}

// MeasurementObjects returns the network's measurements as JSON objects in the shape of RIPE's measurement API.
func (n *Network) MeasurementObjects() ([][]byte, error) {
	objects := make([][]byte, 0, len(n.measurements))
	for i := range n.measurements {
		object, err := json.Marshal(n.measurements[i].object(n))
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

func (m *measurement) object(n *Network) measurementObject {
	server := &n.servers[m.server]
	return measurementObject{
		AF: 4, CreationTime: builtInSince, StartTime: builtInSince, ID: m.id, Type: m.kind.name, IsAllScheduled: true, IsPublic: true,
		Description: fmt.Sprintf("%s measurement to %s-root", m.kind.title, server.letter),
		Interval:    max(1, unixSeconds(m.step.Round(time.Second))),
		Target:      strings.ToLower(server.letter) + ".root-servers.net", TargetIP: server.address, ResolvedIPs: []netip.Addr{server.address},
		ParticipantCount: len(n.probes), ProbesRequested: len(n.probes), ProbesScheduled: len(n.probes),
		Status: measurementStatus{ID: 2, Name: "Ongoing"}, Tags: []string{"builtin"},
	}
}
