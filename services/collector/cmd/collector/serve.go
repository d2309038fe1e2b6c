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

	Listen string `help:"Address of the HTTP door: POST /v1/results and /v1/probestatus, PUT /v1/probes and /v1/measurements. It asks nobody who they are." default:"127.0.0.1:8081"`
	GRPC   string `name:"grpc" help:"Address of the gRPC door: ingest.v1. It asks nobody who they are." default:"127.0.0.1:8082" env:"ATLAS_GRPC"`
	Admin  string `help:"Address of /metrics, /healthz and /readyz, and of /debug/pprof/ for this machine alone." default:"127.0.0.1:9091"`

	MaxConnections     int `help:"Most TCP connections at once, over both doors, and never more than there are descriptors for (ulimit -n)." default:"2048"`
	AddressConnections int `help:"Most connections of an address at once; an IPv6 address counts as its /64, and all of a /48 have four times as many. A sixteenth of --max-connections unless given." placeholder:"COUNT"`

	MaxBody       int           `help:"Longest HTTP body, in bytes, both as it comes and once decompressed." default:"67108864"`
	MaxMessage    int           `help:"Longest gRPC request, in bytes, once decompressed." default:"4194304"`
	MaxRecord     int           `help:"Longest record, in bytes." default:"524288"`
	MaxRejected   int           `help:"Most records of a request that may be rejected; then what is left of it is not read." default:"10000"`
	MaxRequests   int           `help:"Most requests whose records are published at once, over both doors, and a quarter of them from one address; further ones wait for 5s and are told to come again." default:"64"`
	ReadingBytes  int64         `help:"Most memory for requests, over both doors, in bytes, and a quarter of it for one address; further requests are told to come again." default:"268435456"`
	WaitingBytes  int64         `help:"Most bytes that wait for Kafka, over all requests; further ones are told to come again." default:"67108864"`
	MinRate       int64         `help:"Bytes a second of an HTTP body that a client must send in the long run." default:"8192"`
	ReadTimeout   time.Duration `help:"How long a client may pause in an HTTP body, or take to send a gRPC request." default:"30s"`
	AppendTimeout time.Duration `help:"How long Kafka may take to acknowledge records before the client is told to come again." default:"30s"`
	StopTimeout   time.Duration `help:"How long an orderly stop may take." default:"20s"`

	HistoryLateness time.Duration `help:"How much later than others of its time a result still comes in, as the gateways have it; later ones are counted, as they may be missing from replays." default:"1h"`
}

// Run serves until ctx ends.
func (s *serve) Run(ctx context.Context) error {
	logger, err := s.Logger("collector")
	if err != nil {
		return err
	}
	return collector.Run(ctx, collector.Config{
		Kafka:              s.Kafka,
		Listen:             s.Listen,
		GRPC:               s.GRPC,
		Admin:              s.Admin,
		Partitions:         s.Partitions,
		Replication:        s.Replication,
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
		Logger:          logger,
	})
}
