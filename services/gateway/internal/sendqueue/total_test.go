package sendqueue

import (
	"net"
	"testing"
	"time"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/wsframe"
)

// Queues of clients that read nothing stay within the limit of all of them, each has about the same, and there is always something for a client that reads.
//
//notices:total-ignored
func TestAbuseOfTheLimitOfAllQueues(t *testing.T) {
	const clients, limit, size = 1000, 64 << 20, 1000
	stats, message := &queuebudget.Stats{Limit: limit}, wsframe.Text(make([]byte, size))
	idle := make([]*Queue, clients)
	for n := range idle {
		idle[n] = NewUnconnected(&Limits{Bytes: 2 << 20, Messages: 10_000}, stats, func() {})
	}
	for _, q := range idle[:10] { // before the others come
		for q.Enqueue(message) == nil {
		}
	}
	longest := idle[0].account.Queued
	for growing := true; growing; {
		growing = false
		for _, q := range idle {
			growing = q.Enqueue(message) == nil || growing
		}
	}
	if waiting := stats.Waiting(); waiting > limit || waiting < limit*9/10 {
		t.Errorf("%d bytes wait, want nearly %d", waiting, limit)
	}
	shortest := idle[clients-1].account.Queued
	if longest < limit/100 || shortest < limit/clients/2 {
		t.Errorf("one of the first has %d bytes and one of the others %d: too few", longest, shortest)
	}
	if stats.Curtailed.Load() != clients {
		t.Errorf("%d queues were curtailed, want %d", stats.Curtailed.Load(), clients)
	}
	reader := NewUnconnected(&Limits{Bytes: 2 << 20, Messages: 10_000}, stats, func() {})
	for range queuebudget.LeastShare / (2 * size) {
		if err := reader.Enqueue(message); err != nil {
			t.Fatalf("a client that reads: %v", err)
		}
	}
	for _, q := range append(idle, reader) {
		q.Close()
	}
	if waiting := stats.Waiting(); waiting != 0 {
		t.Errorf("%d bytes are counted for closed queues", waiting)
	}
}

// What the kernel holds for a client that does not read counts, until it reads or is gone.
//
//notices:kernel-not-counted
func TestWhatTheKernelHoldsCounts(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	stats, message := &queuebudget.Stats{}, wsframe.Text(make([]byte, 100_000))
	connect := func() (*Queue, net.Conn) {
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		served, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		queue := New(served, &Limits{Bytes: 100 << 20, Messages: 1000, WriteTimeout: time.Minute, CloseTimeout: time.Second}, stats)
		for range 200 {
			_ = queue.Enqueue(message)
		}
		queue.Flush()
		return queue, client
	}
	queue, client := connect()
	if stats.Sending.Load() == 0 {
		t.Error("nothing is counted while the client does not read")
	}
	go func() { queue.Finish() }()
	buffer := make([]byte, 1<<20)
	for {
		if _, err := client.Read(buffer); err != nil {
			break
		}
	}
	queue.Close()
	if sending := stats.Sending.Load(); sending != 0 {
		t.Errorf("%d bytes are counted for a client that has read everything", sending)
	}
	_ = client.Close()
	queue, client = connect()
	defer client.Close()
	if stats.Sending.Load() == 0 {
		t.Error("nothing is counted while the second client does not read")
	}
	queue.Close()
	if waiting := stats.Waiting(); waiting != 0 {
		t.Errorf("%d bytes are counted for a client that is gone", waiting)
	}
}
