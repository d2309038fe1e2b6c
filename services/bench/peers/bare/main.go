// Command bare is the baseline of the gateway: the least code that sends records from Kafka to WebSockets. One goroutine a partition fetches; each record
// becomes one prepared message, which is written to one client after another. There is no queue, no filter, no second try: a client that does not read stops
// all others of its partition.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync"

	"github.com/gorilla/websocket"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	"atlasstream/services/bench/internal/feed"
)

type settings struct {
	Kafka  []string `help:"Kafka brokers." required:""`
	Listen string   `help:"Address of the WebSocket server." required:""`
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
	server := &server{ctx: ctx, topic: topic, rooms: map[string][]*websocket.Conn{}, followed: map[int]bool{}}
	err = service.ServeHTTP(ctx, &http.Server{Handler: server}, listener, 0)
	server.following.Wait()
	return err
}

type server struct {
	ctx       context.Context
	topic     *feed.Topic
	following sync.WaitGroup

	mu       sync.Mutex
	rooms    map[string][]*websocket.Conn // by measurement
	followed map[int]bool
}

// ServeHTTP reads one subscription, ["atlas_subscribe",{"msm":1001}], from a client and confirms it.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	var event []json.RawMessage
	var wanted struct{ Msm int }
	if err := conn.ReadJSON(&event); err != nil || len(event) < 2 || json.Unmarshal(event[1], &wanted) != nil {
		_ = conn.Close()
		return
	}
	_ = conn.WriteJSON([]any{"atlas_subscribed", event[1]})
	s.join(strconv.Itoa(wanted.Msm), conn)
}

func (s *server) join(measurement string, conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rooms[measurement] = append(s.rooms[measurement], conn)
	partition := s.topic.PartitionOf(measurement)
	if s.followed[partition] {
		return
	}
	s.followed[partition] = true
	s.following.Go(func() {
		if err := s.topic.Follow(s.ctx, partition, s.deliver); !errors.Is(err, context.Canceled) {
			panic(err) // a figure from here on would be wrong
		}
	})
}

func (s *server) deliver(measurement string, value []byte) error {
	s.mu.Lock()
	room := s.rooms[measurement]
	s.mu.Unlock()
	if len(room) == 0 {
		return nil
	}
	text := append(append([]byte(`["atlas_result",`), value...), ']')
	message, err := websocket.NewPreparedMessage(websocket.TextMessage, text)
	if err != nil {
		return err
	}
	for _, conn := range room {
		_ = conn.WritePreparedMessage(message) // a client that is gone gets nothing
	}
	return nil
}

func main() {
	service.Main("bare", "The bare loop from Kafka to WebSockets.", &settings{})
}
