package main

import (
	"context"
	"time"

	"atlasstream/pkg/service"
	"atlasstream/services/collector"
)

type serve struct {
	service.Logging
	topics

	Listen string `help:"Address of the collector for HTTP: POST /v1/results and /v1/probestatus, PUT /v1/probes and /v1/measurements. Clients are not authenticated." env:"ATLAS_INGEST"`
	GRPC   string `name:"grpc" help:"Address of the collector for gRPC: ingest.v1. Clients are not authenticated." env:"ATLAS_GRPC"`
	Admin  string `help:"Address of /metrics, /healthz and /readyz, and, for clients on this machine only, of /debug/pprof/."`

	service.Proxies

	MaxConnections     int `help:"Most TCP connections at once, never more than there are descriptors for (ulimit -n)."`
	AddressConnections int `help:"Most connections of an address at once, an IPv6 address being its /64; all of a /48 have four times as many." placeholder:"COUNT" positive:"" otherwise:"a sixteenth of --max-connections, and no more than 1000"`

	MaxBody       int           `help:"Longest HTTP body, in bytes, both as it comes and once decompressed."`
	MaxMessage    int           `help:"Longest gRPC request, in bytes, once decompressed." env:"ATLAS_INGEST_MAX_MESSAGE"`
	MaxRecord     int           `help:"Longest record, in bytes."`
	MaxRejected   int           `help:"Most records of a request that may be rejected; then what is left of it is not read."`
	MaxRequests   int           `help:"Most requests whose records are published at once, over HTTP and gRPC together, and a quarter of them from one address; further ones wait for 5s and are told to retry."`
	ReadingBytes  int64         `help:"Most memory for requests, over HTTP and gRPC together, in bytes, and a quarter of it for one address; further requests are told to retry."`
	WaitingBytes  int64         `help:"Most bytes that wait for Kafka, over all requests; further ones are told to retry."`
	MinRate       int64         `help:"Bytes a second of an HTTP body that a client must send in the long run."`
	ReadTimeout   time.Duration `help:"How long a client may pause in an HTTP body, or take to send a gRPC request."`
	AppendTimeout time.Duration `help:"How long Kafka may take to acknowledge records before the client is told to retry."`
	StopTimeout   time.Duration `help:"How long an orderly stop may take."`

	HistoryLateness time.Duration `help:"How much later than others of its time a result still comes in, the same for collectors and gateways; later ones may be missing from replays, and collectors count them."`
}

// Defaults are the collector's own.
func (*serve) Defaults() any { return collector.Defaults() }

// Run serves until ctx ends.
func (s *serve) Run(ctx context.Context) error {
	logger, err := s.Logger("collector")
	if err != nil {
		return err
	}
	cfg := s.config()
	cfg.Logger = logger
	return collector.Run(ctx, cfg)
}

func (s *serve) config() collector.Config {
	return collector.Config{
		Kafka:              s.Kafka,
		Security:           s.Security(),
		Listen:             s.Listen,
		GRPC:               s.GRPC,
		Admin:              s.Admin,
		Partitions:         s.Partitions,
		Replication:        s.Replication,
		ExistingTopics:     !s.CreateTopics,
		TrustedProxies:     s.TrustedProxies,
		AddressHeader:      s.AddressHeader,
		MaxConnections:     s.MaxConnections,
		AddressConnections: s.AddressConnections,

		MaxBody:       s.MaxBody,
		MaxMessage:    s.MaxMessage,
		MaxRecord:     s.MaxRecord,
		MaxRejected:   s.MaxRejected,
		MaxRequests:   s.MaxRequests,
		ReadingBytes:  s.ReadingBytes,
		WaitingBytes:  s.WaitingBytes,
		MinRate:       s.MinRate,
		ReadTimeout:   s.ReadTimeout,
		AppendTimeout: s.AppendTimeout,
		StopTimeout:   s.StopTimeout,

		HistoryLateness: s.HistoryLateness,
	}
}
