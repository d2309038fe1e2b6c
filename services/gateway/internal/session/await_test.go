package session

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
	"atlasstream/services/gateway/internal/sendqueue"
)

// reader is a client with a queue like that of a gateway's doors, who reads so many bytes a second.
type reader struct {
	inbox
	*sendqueue.Queue
	socket    net.Conn
	perSecond int
	read      int
	reading   sync.WaitGroup
}

func newReader(perSecond int) *reader {
	served, socket := net.Pipe()
	limits := &sendqueue.Limits{Bytes: 2 << 20, Messages: 10_000, WriteTimeout: time.Minute}
	r := &reader{Queue: sendqueue.New(served, limits, &sendqueue.Stats{}), socket: socket, perSecond: perSecond}
	r.reading.Go(r.readAll)
	return r
}

func (r *reader) readAll() {
	some := make([]byte, 64<<10)
	for r.perSecond > 0 {
		time.Sleep(time.Second / 10)
		for allowed := r.perSecond / 10; allowed > 0; {
			read, err := r.socket.Read(some[:min(allowed, len(some))])
			allowed -= read
			if r.read += read; err != nil {
				return
			}
		}
	}
}

func (r *reader) Enqueue(message *sendqueue.Message) error { return r.Queue.Enqueue(message) }
func (r *reader) EnqueueControl(message *sendqueue.Message) error {
	return r.Queue.EnqueueControl(message)
}
func (r *reader) Flush()                             { r.Queue.Flush() }
func (r *reader) Writable() (<-chan struct{}, error) { return r.Queue.Writable() }

func (r *reader) leave() {
	_ = r.socket.Close()
	r.Close()
	r.reading.Wait()
}

// Who reads is given all metadata of a bulk of measurements, however much more that is than may wait for it. Who does not, holds up the others for two
// seconds, and is closed.
func TestBulkOfMetadata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := newHouse()
		fast, slow, idle, soon := newReader(100<<20), newReader(1<<20), newReader(0), newReader(0)
		for _, client := range []*reader{fast, slow, idle, soon} {
			defer client.leave()
			subscriber := house.join(t, client)
			defer subscriber.Leave()
			subscribe(t, subscriber, `{"stream_type":"metadata"}`)
		}
		description := string(slices.Repeat([]byte("x"), 1000))
		began, sent := time.Now(), sendqueue.Text([]byte(`atlas_subscribed {"stream_type":"metadata"}`)).Size()
		const measurements = 50_000
		for id := range measurements {
			object := record(atlas.StreamMetadata, atlas.MeasurementID(id+1), 0, fmt.Sprintf(`{"id":%d,"type":"ping","description":%q}`, id+1, description))
			sent += plain{}.Event("atlas_metadata", object.Value).Size()
			deliver(house.metadata, object)
		}
		if took := time.Since(began); took > 2*2*time.Second+time.Duration(sent>>20)*time.Second {
			t.Errorf("it took %v", took)
		}
		for slow.Writing() {
			time.Sleep(time.Second)
		}
		for name, client := range map[string]*reader{"fast": fast, "slow": slow} {
			client.expectOverflows(t, 0)
			if synctest.Wait(); client.read != sent {
				t.Errorf("the %s client was given %d bytes, want %d", name, client.read, sent)
			}
		}
		idle.expectOverflows(t, 1)
		soon.expectOverflows(t, 1)
	})
}

// Clients that read just so much that they are waited for again and again hold up the others for a while only.
func TestAbuseWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := newHouse()
		for range 3 {
			client := newReader(300 << 10)
			defer client.leave()
			subscriber := house.join(t, client)
			defer subscriber.Leave()
			subscribe(t, subscriber, `{"stream_type":"metadata"}`)
		}
		began, text := time.Now(), strings.Repeat("x", 10_000)
		for id := range 12_000 { // which take 400 s
			deliver(house.metadata, record(atlas.StreamMetadata, atlas.MeasurementID(id+1), 0, fmt.Sprintf(`{"id":%d,"description":%q}`, id+1, text)))
		}
		if took := time.Since(began); took > 2*time.Minute*5/4 {
			t.Errorf("it took %v", took)
		}
	})
}
