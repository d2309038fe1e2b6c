// Command googollee serves results with the rooms of googollee/go-socket.io, fed as the bare loop is.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	socketio "github.com/googollee/go-socket.io"
	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	"atlasstream/services/bench/internal/feed"
)

type settings struct {
	Kafka  []string `help:"Kafka brokers." required:""`
	Listen string   `help:"Address of the Socket.IO server." required:""`
}

// subscription is the part of atlas_subscribe's argument that is served.
type subscription struct {
	Msm int `json:"msm"`
}

// Run serves until ctx ends.
func (s *settings) Run(ctx context.Context) error {
	topic, err := feed.Open(ctx, s.Kafka, eventlog.ResultsTopic)
	if err != nil {
		return err
	}
	listener, err := service.Listen(s.Listen, nil)
	if err != nil {
		return err
	}
	server := socketio.NewServer(nil)
	server.OnConnect("/", func(socketio.Conn) error { return nil })
	server.OnEvent("/", "atlas_subscribe", func(conn socketio.Conn, wanted subscription) {
		conn.Join(room(strconv.Itoa(wanted.Msm)))
		conn.Emit("atlas_subscribed", wanted)
	})
	mux := http.NewServeMux()
	mux.Handle("/stream/socket.io/", server)

	group, ctx := errgroup.WithContext(ctx)
	group.Go(server.Serve)
	group.Go(func() error { return service.ServeHTTP(ctx, &http.Server{Handler: mux}, listener, 0) })
	for partition := range topic.Partitions() {
		group.Go(func() error {
			return topic.Follow(ctx, partition, func(measurement string, value []byte) error {
				server.BroadcastToRoom("/", room(measurement), "atlas_result", json.RawMessage(value))
				return nil
			})
		})
	}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := group.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// room names a measurement's room. Each connection is also in a room with the connection's number for a name.
func room(measurement string) string { return "measurement " + measurement }

func main() {
	service.Main("googollee", "Rooms of googollee/go-socket.io, fed from Kafka.", &settings{})
}
