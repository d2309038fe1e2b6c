package api

import (
	"context"
	"net/http"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/volume"
)

// Facts are the operator's settings that /api/gateway shows.
type Facts struct {
	Version   string
	Lateness  time.Duration // how late a result may be and still be replayed
	Backlog   time.Duration
	Behind    time.Duration
	CursorAge time.Duration
	Speed     SpeedLimits
	Client    ClientLimits
	Address   AddressLimits
}

// SpeedLimits bound the speed of a replay.
type SpeedLimits struct {
	Results int `json:"results_s"`
	Records int `json:"records_s"`
}

// ClientLimits are limits of one client.
type ClientLimits struct {
	Subscriptions int `json:"subscriptions"`
	Replays       int `json:"replays"`
	Messages      int `json:"messages_s"`
	MessageBytes  int `json:"message_bytes"`
	QueueBytes    int `json:"queue_bytes"`
	QueueMessages int `json:"queue_messages"`
}

// AddressLimits are limits of one address.
type AddressLimits struct {
	Connections   int `json:"connections"`
	Subscriptions int `json:"subscriptions"`
	Replays       int `json:"replays"`
	Messages      int `json:"messages_s"`
}

type gatewayAnswer struct {
	Version             string         `json:"version"`
	Now                 instant        `json:"now"`
	History             historyAnswer  `json:"history"`
	Roles               []string       `json:"roles"`
	UnknownMeasurements string         `json:"unknown_measurements"`
	Backlog             float64        `json:"backlog_s"`
	Behind              float64        `json:"behind_s"`
	Cursor              float64        `json:"cursor_s"`
	Speed               SpeedLimits    `json:"speed"`
	Limits              limitsAnswer   `json:"limits"`
	Streams             streamsAnswer  `json:"streams"`
	Kafka               kafkaAnswer    `json:"kafka"`
	Registry            registryAnswer `json:"registry"`
}

type historyAnswer struct {
	Mode     string  `json:"mode"`
	Allowed  bool    `json:"allowed"`
	From     instant `json:"from"`
	Lateness float64 `json:"lateness_s"`
}

type limitsAnswer struct {
	Client  ClientLimits  `json:"client"`
	Address AddressLimits `json:"address"`
	API     apiLimits     `json:"api"`
}

type apiLimits struct {
	Buckets int   `json:"buckets"`
	Records int64 `json:"records"`
	Bytes   int64 `json:"bytes"`
}

type streamsAnswer struct {
	Result      instant `json:"result"`
	ProbeStatus instant `json:"probestatus"`
}

type kafkaAnswer struct {
	Reachable bool    `json:"reachable"`
	Since     instant `json:"since"`
}

type registryAnswer struct {
	Measurements int  `json:"measurements"`
	Probes       int  `json:"probes"`
	CaughtUp     bool `json:"caught_up"`
}

func (a *API) serveGateway(ctx context.Context, w http.ResponseWriter, r *request) error {
	facts, history, now, roles := a.settings.Facts, a.settings.History, time.Now(), r.client.Roles()
	return r.write(ctx, w, gatewayAnswer{
		Version: facts.Version,
		Now:     instant(now),
		History: historyAnswer{
			Mode: history.Mode, Allowed: history.allows(roles), From: instant(history.earliest(now)), Lateness: facts.Lateness.Seconds(),
		},
		Roles:               namesOf(roles),
		UnknownMeasurements: map[bool]string{false: "allow", true: "refuse"}[a.settings.RefuseUnknown],
		Backlog:             facts.Backlog.Seconds(),
		Behind:              facts.Behind.Seconds(),
		Cursor:              facts.CursorAge.Seconds(),
		Speed:               facts.Speed,
		Limits:              limitsAnswer{facts.Client, facts.Address, apiLimits{volume.MaxBuckets, answerscan.MaxRecords, answerscan.MaxBytes}},
		Streams: streamsAnswer{
			Result: instant(a.settings.Newest(atlas.StreamResult)), ProbeStatus: instant(a.settings.Newest(atlas.StreamProbeStatus)),
		},
		Kafka:    a.kafka(),
		Registry: a.registry(ctx, roles),
	})
}

func namesOf(roles auth.Roles) []string {
	names := []string{}
	if roles.History {
		names = append(names, "history")
	}
	if roles.NonPublic {
		names = append(names, "non-public")
	}
	return names
}

func (a *API) kafka() kafkaAnswer {
	present, since := a.settings.Kafka()
	return kafkaAnswer{present, instant(since)}
}

// registry counts the measurements that the client may see.
func (a *API) registry(ctx context.Context, roles auth.Roles) registryAnswer {
	measurements, public, probes := a.settings.Catalog.Count()
	if !roles.NonPublic {
		measurements = public
	}
	return registryAnswer{measurements, probes, a.settings.Catalog.Ready(ctx) == nil}
}
