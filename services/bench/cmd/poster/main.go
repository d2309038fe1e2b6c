// Command poster sends batches of results to the collector, over HTTP as newline-delimited JSON, or over gRPC: at a rate, or as many as a source can.
package main

import (
	"context"
	"net"

	"atlasstream/pkg/service"
	"atlasstream/services/bench/internal/batches"
	"atlasstream/services/bench/internal/ipc"
)

type settings struct {
	batches.Settings
	Address string `help:"host:port of the collector." required:""`
	Over    string `help:"Protocol." enum:"http,grpc" default:"http"`
	Token   string `help:"Token of the source; none unless given."`
	From    string `help:"Address to send from." default:"127.0.0.1"`
	AtOnce  int    `help:"Flood: this many senders, each of which sends its next batch when the one before is answered, with a pause after a refusal."`
	Stalled int    `help:"Stall: this many bodies that begin and do not go on, over HTTP; a body that the collector gives up is begun again."`
}

// Run sends until the parent's window is over.
func (s *settings) Run(ctx context.Context) error {
	if s.Stalled > 0 {
		return stall(ctx, ipc.Parent(), newPoster(s.From, s.Address, s.Token, nil), s.Stalled)
	}
	send, stop, err := s.sender()
	if err != nil {
		return err
	}
	defer stop()
	if s.AtOnce > 0 {
		return flood(ctx, ipc.Parent(), s.AtOnce, s.Size, send)
	}
	return s.Settings.Run(ctx, ipc.Parent(), send)
}

// sender returns what sends a batch by its number.
func (s *settings) sender() (send func(ctx context.Context, n int) error, stop func(), err error) {
	made, err := s.Make()
	if err != nil {
		return nil, nil, err
	}
	if s.Over == "http" {
		return newPoster(s.From, s.Address, s.Token, made).send, func() {}, nil
	}
	connection, err := dial(s.From, s.Address)
	if err != nil {
		return nil, nil, err
	}
	return newPublisher(connection, s.Token, made).send, func() { _ = connection.Close() }, nil
}

// dialer connects from an address of this machine: on Linux, all of 127.0.0.0/8 is.
func dialer(from string) *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
}

func main() {
	service.Main("poster", "Sends batches of results to the collector.", &settings{})
}
