package embedded

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
)

const topicName = "measured.results"

// childDir makes this program a process that runs a broker on that directory, for a test that kills it.
const childDir = "EMBEDDED_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		runChild(dir)
	}
	goleak.VerifyTestMain(m)
}

func runChild(dir string) {
	broker, err := Start(Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("listening", broker.Addrs()[0])
	select {}
}

func start(t *testing.T, cfg Config) *Broker {
	t.Helper()
	broker, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
	})
	return broker
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func connect(t *testing.T, addrs []string, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(addrs...), kgo.DisableIdempotentWrite(), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.MetadataMinAge(20 * time.Millisecond), kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func makeTopic(t *testing.T, client *kgo.Client, partitions int32, configs map[string]string) {
	t.Helper()
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Topics = []kmsg.CreateTopicsRequestTopic{{Topic: topicName, NumPartitions: partitions, ReplicationFactor: 1}}
	for name, value := range configs {
		request.Topics[0].Configs = append(request.Topics[0].Configs, kmsg.CreateTopicsRequestTopicConfig{Name: name, Value: &value})
	}
	response, err := request.RequestWith(deadline(t), client)
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(response.Topics[0].ErrorCode); err != nil {
		t.Fatal(err)
	}
}

// produce writes values to partition 0, each acknowledged on its own.
func produce(t *testing.T, client *kgo.Client, values ...string) {
	t.Helper()
	produceKeyed(t, client, "", values...)
}

func produceKeyed(t *testing.T, client *kgo.Client, key string, values ...string) {
	t.Helper()
	for _, value := range values {
		if err := client.ProduceSync(deadline(t), &kgo.Record{Topic: topicName, Key: []byte(key), Value: []byte(value)}).FirstErr(); err != nil {
			t.Fatalf("producing %q: %v", value, err)
		}
	}
}

// expect reads partition 0 from its start and wants these values and no others before the last.
func expect(t *testing.T, addrs []string, values ...string) {
	t.Helper()
	if got := readUntil(t, addrs, values[len(values)-1]); fmt.Sprint(got) != fmt.Sprint(values) {
		t.Fatalf("read %q, want %q", got, values)
	}
}

// readUntil reads partition 0 from its start to this value.
func readUntil(t *testing.T, addrs []string, last string) (values []string) {
	t.Helper()
	reader := connect(t, addrs, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topicName: {0: kgo.NewOffset().AtStart()}}))
	defer reader.Close()
	for ctx := deadline(t); len(values) == 0 || values[len(values)-1] != last; {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %q: %v", values, err)
		}
		fetches.EachRecord(func(record *kgo.Record) { values = append(values, string(record.Value)) })
	}
	return values
}

func numbered(from, to int) []string {
	var values []string
	for i := from; i < to; i++ {
		values = append(values, fmt.Sprintf("result %d", i))
	}
	return values
}
