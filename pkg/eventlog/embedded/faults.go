package embedded

import (
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Fault answers matching requests with an error of Kafka. With kerr.RequestTimedOut or kerr.NotEnoughReplicasAfterAppend a produce request is carried
// out nevertheless, as happens on a real broker.
type Fault = kfake.Fault

// FaultHandle counts what a Fault answered, and removes it.
type FaultHandle = kfake.FaultHandle

// Fault installs faults.
func (b *Broker) Fault(faults ...Fault) *FaultHandle { return b.cluster.Fault(faults...) }

// Leader returns the node that leads a partition.
func (b *Broker) Leader(topic string, partition int) (node int, err error) {
	err = b.whileRunning(func() error {
		if node = int(b.cluster.LeaderFor(topic, int32(partition))); node < 0 {
			return fmt.Errorf("embedded broker: there is no partition %d of topic %q", partition, topic)
		}
		return nil
	})
	return node, err
}

// MoveLeader makes a node the leader of a partition; clients learn it from the next metadata.
func (b *Broker) MoveLeader(topic string, partition, node int) error {
	return b.whileRunning(func() error {
		if err := b.cluster.MoveTopicPartition(topic, int32(partition), int32(node)); err != nil {
			return fmt.Errorf("embedded broker: moving partition %d of topic %q to node %d: %w", partition, topic, node, err)
		}
		return nil
	})
}

// RemoveNode removes a node for good, as if its machine had died: its port is closed, its connections are cut, and every partition gets a leader among
// the rest, at random. The last node is the controller and cannot be removed, as kfake never elects another.
func (b *Broker) RemoveNode(node int) error {
	return b.whileRunning(func() error {
		if controller := b.nodes - 1; node == controller {
			return fmt.Errorf("embedded broker: node %d is the controller, which cannot be removed", node)
		}
		if err := b.cluster.RemoveNode(int32(node)); err != nil {
			return fmt.Errorf("embedded broker: removing node %d: %w", node, err)
		}
		b.network.node(node).disconnect()
		return nil
	})
}

// Disconnect closes every open connection; clients may reconnect at once.
func (b *Broker) Disconnect() { b.network.disconnect() }

// Hold delays requests of one kind, such as kmsg.Produce, until release is called or the broker is closed.
func (b *Broker) Hold(kind kmsg.Key) (release func()) {
	h := &hold{released: make(chan struct{})}
	b.running.Lock()
	defer b.running.Unlock()
	b.holds = append(b.holds, h)
	b.cluster.ControlKey(int16(kind), func(kmsg.Request) (kmsg.Response, error, bool) {
		if !h.enter() {
			b.cluster.DropControl()
			return nil, nil, false
		}
		defer h.asleep.Done()
		b.cluster.SleepControl(func() { <-h.released })
		return nil, nil, false
	})
	return h.release
}

// hold holds waiting requests.
type hold struct {
	mu       sync.Mutex
	released chan struct{}
	asleep   sync.WaitGroup // nobody joins after the release
}

func (h *hold) isReleased() bool {
	select {
	case <-h.released:
		return true
	default:
		return false
	}
}

func (h *hold) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isReleased() {
		return false
	}
	h.asleep.Add(1)
	return true
}

func (h *hold) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.isReleased() {
		close(h.released)
	}
}

// end releases the requests and waits until they are awake: kfake leaks goroutines if it is closed while some sleep.
func (h *hold) end() {
	h.release()
	h.asleep.Wait()
}
