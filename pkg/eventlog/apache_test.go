package eventlog_test

import (
	"slices"
	"testing"

	"atlasstream/pkg/eventlog/kafkatest"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestContractApacheKafka(t *testing.T) {
	kafka := kafkatest.Start(t, 1)
	runContract(t, kafka)
	t.Run("restarted under load", func(t *testing.T) {
		newLoad(t, newFixture(t, kafka)).during(t, func() { mustRestart(t, kafka, 0) })
	})
	t.Run("killed under load", func(t *testing.T) {
		newLoad(t, newFixture(t, kafka)).during(t, func() {
			mustKill(t, kafka, 0)
			mustRestart(t, kafka, 0)
		})
	})
	t.Run("a registry over a restart", func(t *testing.T) {
		registryDuring(t, newFixture(t, kafka), func() { mustRestart(t, kafka, 0) })
	})
	t.Run("a registry over a crash", func(t *testing.T) {
		registryDuring(t, newFixture(t, kafka), func() {
			mustKill(t, kafka, 0)
			mustRestart(t, kafka, 0)
		})
	})
}

func TestContractApacheKafkaOfThree(t *testing.T) {
	kafka := kafkatest.Start(t, 3)
	runContract(t, kafka)
	t.Run("leaders moved under load", func(t *testing.T) {
		f := newFixture(t, kafka)
		load := newLoad(t, f)
		load.during(t, func() {
			for move := range 2 * loadPartitions {
				f.moveLeader(t, load.topic, int32(move%loadPartitions))
				load.awaitProgress(t, 20)
			}
		})
	})
	t.Run("a broker killed under load", func(t *testing.T) {
		load := newLoad(t, newFixture(t, kafka))
		load.during(t, func() {
			mustKill(t, kafka, 1)
			load.awaitProgress(t, 100)
			mustRestart(t, kafka, 1)
		})
	})
	t.Run("a registry over the crash of a broker", func(t *testing.T) {
		registryDuring(t, newFixture(t, kafka), func() {
			mustKill(t, kafka, 2)
			mustRestart(t, kafka, 2)
		})
	})
	t.Run("each broker restarted under load", func(t *testing.T) {
		load := newLoad(t, newFixture(t, kafka))
		load.during(t, func() {
			for broker := range 3 {
				mustRestart(t, kafka, broker)
				load.awaitProgress(t, 20)
			}
		})
	})
}

func mustKill(t testing.TB, kafka *kafkatest.Cluster, broker int) {
	t.Helper()
	if err := kafka.Kill(broker); err != nil {
		t.Fatal(err)
	}
}

func mustRestart(t testing.TB, kafka *kafkatest.Cluster, broker int) {
	t.Helper()
	if err := kafka.Restart(broker); err != nil {
		t.Fatal(err)
	}
}

// moveLeader makes another replica the preferred leader of a partition, and has it elected.
func (f fixture) moveLeader(t testing.TB, topic string, partition int32) {
	t.Helper()
	leader, replicas := f.replicasOf(t, topic, partition)
	for replicas[0] == leader {
		replicas = append(replicas[1:], replicas[0])
	}
	assign := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	assign.TimeoutMillis = 10_000
	assign.Topics = []kmsg.AlterPartitionAssignmentsRequestTopic{{
		Topic: topic, Partitions: []kmsg.AlterPartitionAssignmentsRequestTopicPartition{{Partition: partition, Replicas: replicas}},
	}}
	if response, err := assign.RequestWith(within(t, patience), f.foreign); err != nil || response.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("assign %s/%d: %+v, %v", topic, partition, response, err)
	}
	elect := kmsg.NewPtrElectLeadersRequest()
	elect.TimeoutMillis = 10_000
	elect.Topics = []kmsg.ElectLeadersRequestTopic{{Topic: topic, Partitions: []int32{partition}}}
	if response, err := elect.RequestWith(within(t, patience), f.foreign); err != nil || response.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("elect the leader of %s/%d: %+v, %v", topic, partition, response, err)
	}
	if now, _ := f.replicasOf(t, topic, partition); now != replicas[0] {
		t.Logf("%s/%d is led by %d, not yet by %d", topic, partition, now, replicas[0])
	}
}

// replicasOf asks the cluster itself.
func (f fixture) replicasOf(t testing.TB, topic string, partition int32) (leader int32, replicas []int32) {
	t.Helper()
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{{Topic: new(topic)}}
	metadata, err := request.RequestWith(within(t, patience), f.foreign)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range metadata.Topics[0].Partitions {
		if found.Partition == partition {
			return found.Leader, slices.Clone(found.Replicas)
		}
	}
	t.Fatalf("%s has no partition %d", topic, partition)
	return 0, nil
}
