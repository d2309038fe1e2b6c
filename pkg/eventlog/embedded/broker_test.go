package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestProduceAndFetch(t *testing.T) {
	broker := start(t, Config{})
	client := connect(t, broker.Addrs())
	makeTopic(t, client, 1, nil)
	produce(t, client, numbered(0, 10)...)
	expect(t, broker.Addrs(), numbered(0, 10)...)
}

func TestListensOnTheConfiguredAddress(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	broker := start(t, Config{Listen: address, Nodes: 2})
	addrs := broker.Addrs()
	if len(addrs) != 2 || addrs[0] != address || addrs[1] == address {
		t.Fatalf("listens at %v, want %s and another", addrs, address)
	}
	if _, err := Start(Config{Listen: address}); err == nil || !strings.Contains(err.Error(), address) {
		t.Fatalf("an address in use gave %v", err)
	}
}

func TestTopicsAreNotCreatedByRequests(t *testing.T) {
	broker := start(t, Config{})
	client := connect(t, broker.Addrs(), kgo.AllowAutoTopicCreation())
	request := kmsg.NewPtrMetadataRequest()
	name := "misspelt"
	request.Topics = []kmsg.MetadataRequestTopic{{Topic: &name}}
	request.AllowAutoTopicCreation = true
	response, err := request.RequestWith(deadline(t), client)
	if err != nil {
		t.Fatal(err)
	}
	if code := response.Topics[0].ErrorCode; code != 3 { // UNKNOWN_TOPIC_OR_PARTITION
		t.Fatalf("asking for a topic that is not there gave error code %d, want 3", code)
	}
}

func TestOrderlyRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		broker := start(t, Config{Dir: dir})
		client := connect(t, broker.Addrs())
		if round == 0 {
			makeTopic(t, client, 2, map[string]string{"segment.bytes": "1048576"})
		}
		produce(t, client, numbered(round*20, round*20+20)...)
		expect(t, broker.Addrs(), numbered(0, round*20+20)...)
		client.Close()
		if err := broker.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestClosedBroker(t *testing.T) {
	broker := start(t, Config{})
	for range 2 {
		if err := broker.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := broker.MoveLeader(topicName, 0, 0); !errors.Is(err, ErrClosed) {
		t.Fatalf("MoveLeader gave %v, want %v", err, ErrClosed)
	}
	if conn, err := net.Dial("tcp", broker.Addrs()[0]); err == nil {
		conn.Close()
		t.Fatal("a closed broker takes connections")
	}
}

func TestKilledProcessLosesNothing(t *testing.T) {
	dir := t.TempDir()
	var acknowledged []string
	for round := range 3 {
		address, kill := startChild(t, dir)
		client := connect(t, []string{address})
		if round == 0 {
			makeTopic(t, client, 1, nil)
		}
		if _, err := Start(Config{Dir: dir}); !errors.Is(err, ErrInUse) {
			t.Fatalf("a directory in use gave %v", err)
		}
		acknowledged = append(acknowledged, produceUntilKilled(t, client, round*1000, kill)...)
		client.Close()
	}
	broker := start(t, Config{Dir: dir})
	read := readUntil(t, broker.Addrs(), acknowledged[len(acknowledged)-1])
	read = slices.DeleteFunc(read, func(value string) bool { return !slices.Contains(acknowledged, value) })
	if !slices.Equal(read, acknowledged) {
		t.Fatalf("read %q, acknowledged were %q", read, acknowledged)
	}
}

// produceUntilKilled writes until the broker is killed, and returns what was acknowledged.
func produceUntilKilled(t *testing.T, client *kgo.Client, from int, kill func()) (acknowledged []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(deadline(t))
	defer cancel()
	var killing sync.WaitGroup
	defer killing.Wait()
	for i := from; ; i++ {
		value := fmt.Sprintf("result %d", i)
		if err := client.ProduceSync(ctx, &kgo.Record{Topic: topicName, Value: []byte(value)}).FirstErr(); err != nil {
			return acknowledged
		}
		acknowledged = append(acknowledged, value)
		if len(acknowledged) == 50 {
			killing.Go(func() { kill(); cancel() })
		}
	}
}

func startChild(t *testing.T, dir string) (address string, kill func()) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		child.Process.Kill()
		child.Wait()
	})
	t.Cleanup(kill)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if address, found := strings.CutPrefix(lines.Text(), "listening "); found {
			return address, kill
		}
	}
	t.Fatal("the child did not start")
	return "", nil
}
