package backpressure_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session/sessiontest"
	"atlasstream/services/gateway/internal/wsframe"
)

// socketClient is a client with a queue like that of the gateway's endpoints. It reads so many bytes a second.
type socketClient struct {
	sessiontest.RecordingClient
	*sendqueue.Queue
	socket    net.Conn
	perSecond int
	read      int
	reading   sync.WaitGroup
}

func (c *socketClient) readAll() {
	some := make([]byte, 64<<10)
	for c.perSecond > 0 {
		time.Sleep(time.Second / 10)
		for allowed := c.perSecond / 10; allowed > 0; {
			read, err := c.socket.Read(some[:min(allowed, len(some))])
			allowed -= read
			if c.read += read; err != nil {
				return
			}
		}
	}
}

func (c *socketClient) Enqueue(message *wsframe.Message) error { return c.Queue.Enqueue(message) }

func (c *socketClient) EnqueueControl(message *wsframe.Message) error {
	return c.Queue.EnqueueControl(message)
}

func (c *socketClient) Flush() { c.Queue.Flush() }

func (c *socketClient) Writable() (<-chan struct{}, error) { return c.Queue.Writable() }

func (c *socketClient) leave() {
	_ = c.socket.Close()
	c.Close()
	c.reading.Wait()
}

func newSocketClient(perSecond int) *socketClient {
	served, socket := net.Pipe()
	limits := &sendqueue.Limits{Bytes: 2 << 20, Messages: 10_000, WriteTimeout: time.Minute}
	c := &socketClient{Queue: sendqueue.New(served, limits, &queuebudget.Stats{}), socket: socket, perSecond: perSecond}
	c.reading.Go(c.readAll)
	return c
}

// A client that reads gets all metadata of a bulk of measurements, however much more that is than its queue holds. One that does not holds up the others for
// two seconds, and is closed.
func TestBulkOfMetadata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewHub()
		fast, slow, idle, soon := newSocketClient(100<<20), newSocketClient(1<<20), newSocketClient(0), newSocketClient(0)
		for _, client := range []*socketClient{fast, slow, idle, soon} {
			defer client.leave()
			subscriber := hub.MustJoin(t, client)
			defer subscriber.Leave()
			sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"metadata"}`)
		}
		description := string(slices.Repeat([]byte("x"), 1000))
		began, sent := time.Now(), wsframe.Text([]byte(`atlas_subscribed {"stream_type":"metadata"}`)).Size()
		const measurements = 50_000
		for id := range measurements {
			object := sessiontest.Record(atlas.StreamMetadata, atlas.MeasurementID(id+1), 0, fmt.Sprintf(`{"id":%d,"type":"ping","description":%q}`, id+1, description))
			sent += sessiontest.TextEncoding{}.Event("atlas_metadata", object.Value).Size()
			sessiontest.Deliver(hub.Metadata, object)
		}
		if took := time.Since(began); took > 2*2*time.Second+time.Duration(sent>>20)*time.Second {
			t.Errorf("it took %v", took)
		}
		for slow.Writing() {
			time.Sleep(time.Second)
		}
		for name, client := range map[string]*socketClient{"fast": fast, "slow": slow} {
			client.ExpectOverflows(t, 0)
			if synctest.Wait(); client.read != sent {
				t.Errorf("the %s client got %d bytes, want %d", name, client.read, sent)
			}
		}
		idle.ExpectOverflows(t, 1)
		soon.ExpectOverflows(t, 1)
	})
}

// Clients that read just fast enough to be waited for again and again hold up the others for a limited time.
func TestAbuseWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewHub()
		for range 3 {
			client := newSocketClient(300 << 10)
			defer client.leave()
			subscriber := hub.MustJoin(t, client)
			defer subscriber.Leave()
			sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"metadata"}`)
		}
		began, text := time.Now(), strings.Repeat("x", 10_000)
		for id := range 12_000 { // which take 400 s
			sessiontest.Deliver(hub.Metadata, sessiontest.Record(atlas.StreamMetadata, atlas.MeasurementID(id+1), 0, fmt.Sprintf(`{"id":%d,"description":%q}`, id+1, text)))
		}
		if took := time.Since(began); took > 2*time.Minute*5/4 {
			t.Errorf("it took %v", took)
		}
	})
}
