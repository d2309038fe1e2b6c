package endpoint

import (
	"bufio"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/ratelimit"
)

// visits are the ways of clients that come, subscribe, hear something and vanish, some of them without a word.
var visits = []func(server string) error{
	func(server string) error {
		return converse(server+"/stream/?client=a", "", `["atlas_subscribe",{"msm":1001}]`)
	},
	func(server string) error {
		return converse(server+"/stream/socket.io/?EIO=4&transport=websocket&client=b", "40", `42["atlas_subscribe",{"msm":1001,"buffering":true}]`)
	},
	func(server string) error {
		return converse(server+"/stream/socket.io/?EIO=3&transport=websocket", "", `42["atlas_subscribe",{"msm":1001}]`)
	},
	func(server string) error { return follow(server, "application/json") },
	func(server string) error { return follow(server, "text/event-stream") },
}

func converse(address string, messages ...string) error {
	client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(address, "http"), nil)
	if err != nil {
		return err
	}
	defer client.Close()
	_ = response.Body.Close()
	for _, message := range messages {
		if message != "" {
			_ = client.WriteMessage(websocket.TextMessage, []byte(message))
		}
	}
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		_, message, err := client.ReadMessage()
		if err != nil || strings.Contains(string(message), "atlas_result") {
			return err
		}
	}
}

func follow(server, accept string) error {
	request, err := http.NewRequest(http.MethodGet, server+"/stream/?msm=1001", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", accept)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	for body := bufio.NewReader(response.Body); ; {
		line, err := body.ReadString('\n')
		if err != nil || strings.Contains(line, "atlas_result") {
			return err
		}
	}
}

// Whoever comes and goes, at whichever door, leaves nothing behind.
func TestEverythingIsGivenBack(t *testing.T) {
	house := open(t, plan{clients: 100, admission: ratelimit.Limits{Connections: 100, Subscriptions: 100, Messages: 10_000, ConnectionMessages: 10}})
	stop := make(chan struct{})
	var delivering, clients sync.WaitGroup
	delivering.Go(func() {
		for ticks := time.NewTicker(time.Millisecond); ; <-ticks.C {
			select {
			case <-stop:
				return
			default:
				house.deliver(7)
			}
		}
	})
	for range 30 {
		clients.Go(func() {
			for range 10 {
				if err := visits[rand.IntN(len(visits))](house.server.URL); err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	close(stop)
	delivering.Wait()
	house.await(t, 0)
	house.shutdown(t.Context())
	left := house.reception.guard.Allowance("127.0.0.1:1") // the account of the one address that they came from
	for range 100 {
		if err := left.Reserve(0); err != nil {
			t.Fatal(err)
		}
		if _, err := house.reception.guard.Enter("127.0.0.1:1"); err != nil {
			t.Fatal(err)
		}
	}
	for name, tally := range house.reception.tallies.byName {
		if clients, _ := tally.sum(); clients != 0 {
			t.Errorf("%d clients named %s are left", clients, name)
		}
	}
	if messages, bytes := house.stats.Messages.Load(), house.stats.Bytes.Load(); messages != 0 || bytes != 0 {
		t.Errorf("%d messages of %d bytes are left in queues", messages, bytes)
	}
}
