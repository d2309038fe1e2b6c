package kafkatest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
)

const topicName = "measured.results"

// childDir makes this program a process that runs one broker in that directory, for a test that kills it.
const childDir = "KAFKATEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		runChild(dir)
	}
	goleak.VerifyTestMain(m)
}

func runChild(dir string) {
	cluster, err := StartCluster(context.Background(), Config{Brokers: 1, Dir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("listening", cluster.Addrs()[0])
	select {}
}

func TestKilledBrokerKeepsWhatItAcknowledged(t *testing.T) {
	cluster := Start(t, 1)
	client := connect(t, cluster)
	makeTopic(t, client)
	produce(t, client, 0, 100)
	must(t, cluster.Kill(0))
	must(t, cluster.Restart(0))
	produce(t, client, 100, 110)
	must(t, cluster.Stop(0))
	must(t, cluster.Restart(0))
	expect(t, cluster, 110)
}

func TestThreeBrokersSurviveTheLossOfEach(t *testing.T) {
	cluster := Start(t, 3)
	client := connect(t, cluster)
	makeTopic(t, client)
	produce(t, client, 0, 20)
	for round := 1; round <= 2; round++ {
		leader := leader(t, client)
		must(t, cluster.Kill(leader))
		produce(t, client, round*20, round*20+20)
		must(t, cluster.Restart(leader))
		must(t, cluster.AwaitInSync(deadline(t)))
	}
	expect(t, cluster, 60)
}

func TestPropertiesOverrideTheDefaults(t *testing.T) {
	cluster := StartWith(t, Config{Brokers: 1, Properties: map[string]string{"auto.create.topics.enable": "true", "num.partitions": "3"}})
	client := connect(t, cluster, kgo.AllowAutoTopicCreation())
	produce(t, client, 0, 1)
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{{Topic: new(topicName)}}
	response, err := request.RequestWith(deadline(t), client)
	must(t, err)
	if made := len(response.Topics[0].Partitions); made != 3 {
		t.Fatalf("the topic was made with %d partitions, want 3", made)
	}
}

func TestBrokerThatCannotStartSaysWhy(t *testing.T) {
	_, err := StartCluster(t.Context(), Config{Brokers: 1, Properties: map[string]string{"num.io.threads": "none"}})
	if err == nil || !strings.Contains(err.Error(), "num.io.threads") {
		t.Fatalf("a setting that Kafka refuses gave %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func connect(t *testing.T, cluster *Cluster, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(cluster.Addrs()...), kgo.MetadataMinAge(50 * time.Millisecond),
		kgo.RetryBackoffFn(func(int) time.Duration { return 50 * time.Millisecond }),
	}, options...)...)
	must(t, err)
	t.Cleanup(client.Close)
	return client
}

func makeTopic(t *testing.T, client *kgo.Client) {
	t.Helper()
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Topics = []kmsg.CreateTopicsRequestTopic{{Topic: topicName, NumPartitions: 1, ReplicationFactor: -1}}
	response, err := request.RequestWith(deadline(t), client)
	must(t, err)
	must(t, kerr.ErrorForCode(response.Topics[0].ErrorCode))
}

func leader(t *testing.T, client *kgo.Client) int {
	t.Helper()
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{{Topic: new(topicName)}}
	response, err := request.RequestWith(deadline(t), client)
	must(t, err)
	return int(response.Topics[0].Partitions[0].Leader)
}

// produce writes numbered values, each acknowledged by all in-sync replicas before the next.
func produce(t *testing.T, client *kgo.Client, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		must(t, client.ProduceSync(deadline(t), &kgo.Record{Topic: topicName, Value: fmt.Append(nil, i)}).FirstErr())
	}
}

func expect(t *testing.T, cluster *Cluster, records int) {
	t.Helper()
	reader := connect(t, cluster, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topicName: {0: kgo.NewOffset().AtStart()}}))
	next := 0
	for ctx := deadline(t); next < records; {
		fetches := reader.PollFetches(ctx)
		must(t, fetches.Err())
		fetches.EachRecord(func(record *kgo.Record) {
			if string(record.Value) != fmt.Sprint(next) {
				t.Fatalf("record %q is where %d should be", record.Value, next)
			}
			next++
		})
	}
}
