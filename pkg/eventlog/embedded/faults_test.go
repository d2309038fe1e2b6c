package embedded

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestWritesFollowTheLeader(t *testing.T) {
	broker := start(t, Config{Nodes: 3})
	client := connect(t, broker.Addrs())
	makeTopic(t, client, 1, nil)
	for round, node := range []int{1, 2, 0} {
		if err := broker.MoveLeader(topicName, 0, node); err != nil {
			t.Fatal(err)
		}
		if leader, err := broker.Leader(topicName, 0); err != nil || leader != node {
			t.Fatalf("the leader is %d, %v, want %d", leader, err, node)
		}
		produce(t, client, numbered(round, round+1)...)
	}
	expect(t, broker.Addrs(), numbered(0, 3)...)
}

func TestFaultsNameMissingPartitions(t *testing.T) {
	broker := start(t, Config{Nodes: 2})
	if _, err := broker.Leader("nowhere", 0); err == nil {
		t.Error("a topic that is not there has a leader")
	}
	if err := broker.MoveLeader("nowhere", 0, 1); err == nil {
		t.Error("the leader of a topic that is not there was moved")
	}
	for _, node := range []int{1, 2, -1} {
		if err := broker.RemoveNode(node); err == nil {
			t.Errorf("node %d was removed, which is the controller or not there", node)
		}
	}
}

func TestRemovedNodeCutsItsConnections(t *testing.T) {
	broker := start(t, Config{Nodes: 3})
	client := connect(t, broker.Addrs())
	makeTopic(t, client, 1, nil)
	if err := broker.MoveLeader(topicName, 0, 0); err != nil {
		t.Fatal(err)
	}
	produce(t, client, numbered(0, 5)...)
	idle, err := net.Dial("tcp", broker.Addrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	if err := broker.RemoveNode(0); err != nil {
		t.Fatal(err)
	}
	idle.SetDeadline(time.Now().Add(10 * time.Second))
	if n, err := idle.Read(make([]byte, 1)); n > 0 || isTimeout(err) {
		t.Fatalf("a connection to the removed node lives on: %d bytes, %v", n, err)
	}
	produce(t, client, numbered(5, 10)...)
	expect(t, broker.Addrs(), numbered(0, 10)...)
}

func TestClientsReconnectAfterDisconnect(t *testing.T) {
	broker := start(t, Config{})
	client := connect(t, broker.Addrs())
	makeTopic(t, client, 1, nil)
	produce(t, client, numbered(0, 1)...)
	broker.Disconnect()
	produce(t, client, numbered(1, 2)...)
	expect(t, broker.Addrs(), numbered(0, 2)...)
}

func TestRefusedWriteIsNotThereAndTimedOutOneIs(t *testing.T) {
	broker := start(t, Config{})
	client := connect(t, broker.Addrs(), kgo.RecordRetries(0))
	makeTopic(t, client, 1, nil)
	for value, fault := range map[string]*kerr.Error{"refused": kerr.MessageTooLarge, "timed out": kerr.RequestTimedOut} {
		handle := broker.Fault(Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topicName, Err: fault})
		err := client.ProduceSync(deadline(t), &kgo.Record{Topic: topicName, Value: []byte(value)}).FirstErr()
		if err == nil || handle.Hits() != 1 {
			t.Fatalf("%s: acknowledged after %d hits of %v", value, handle.Hits(), fault)
		}
	}
	expect(t, broker.Addrs(), "timed out")
}

func TestHeldRequestsAreAnsweredOnRelease(t *testing.T) {
	broker := start(t, Config{})
	client := connect(t, broker.Addrs())
	makeTopic(t, client, 1, nil)
	produce(t, client, numbered(0, 1)...)
	release := broker.Hold(kmsg.Produce)
	outcome := make(chan error, 1)
	client.Produce(deadline(t), &kgo.Record{Topic: topicName, Value: []byte("result 1")}, func(_ *kgo.Record, err error) { outcome <- err })
	expect(t, broker.Addrs(), numbered(0, 1)...) // others are served meanwhile
	select {
	case err := <-outcome:
		t.Fatalf("a held request was answered: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	release()
	if err := <-outcome; err != nil {
		t.Fatal(err)
	}
	produce(t, client, numbered(2, 3)...)
	expect(t, broker.Addrs(), numbered(0, 3)...)
}

func TestCloseEndsHeldRequests(t *testing.T) {
	broker := start(t, Config{})
	client := connect(t, broker.Addrs(), kgo.RecordRetries(0))
	makeTopic(t, client, 1, nil)
	broker.Hold(kmsg.Produce)
	ctx, cancel := context.WithCancel(t.Context())
	outcome := make(chan error, 1)
	client.Produce(ctx, &kgo.Record{Topic: topicName, Value: []byte("result 0")}, func(_ *kgo.Record, err error) { outcome <- err })
	if err := broker.Close(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-outcome; err == nil {
		t.Fatal("a held request was acknowledged by a broker that was closed")
	}
}
