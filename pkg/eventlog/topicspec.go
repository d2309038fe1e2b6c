package eventlog

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
)

// TopicSpec says how a topic is made.
type TopicSpec struct {
	Name        string
	Partitions  int           // fixed when the topic is made: a measurement's history lives in one partition
	Replication int           // 0: three, or one on each broker where there are fewer
	Retention   time.Duration // by event time; 0: unlimited
}

const archivePartitions = 8

// ResultsSpec is the topic of live measurement results.
func ResultsSpec(partitions int) TopicSpec {
	return TopicSpec{Name: ResultsTopic, Partitions: partitions}
}

// ProbeStatusSpec is the topic of live connection events: one partition, which keeps them in one order.
func ProbeStatusSpec() TopicSpec { return TopicSpec{Name: ProbeStatusTopic, Partitions: 1} }

// ArchiveSpec is the topic of the imported archive of that name.
func ArchiveSpec(name string) (TopicSpec, error) {
	topic, err := ArchiveTopic(name)
	return TopicSpec{Name: topic, Partitions: archivePartitions}, err
}

// topicName is what Kafka allows.
var topicName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,249}$`)

// Validate joins every fault of the topic's description.
func (s TopicSpec) Validate() error {
	var faults []error
	if !topicName.MatchString(s.Name) {
		faults = append(faults, fmt.Errorf("topic: got name %q, want 1 to 249 letters, digits, dots, underscores or hyphens", s.Name))
	}
	if s.Partitions < 1 {
		faults = append(faults, fmt.Errorf("topic %s: partitions: got %d, want at least 1", s.Name, s.Partitions))
	}
	if s.Replication < 0 {
		faults = append(faults, fmt.Errorf("topic %s: replication: got %d, want at least 1, or 0 for the default", s.Name, s.Replication))
	}
	if s.Retention < 0 {
		faults = append(faults, fmt.Errorf("topic %s: retention: got %s, want more than 0, or 0 for unlimited", s.Name, s.Retention))
	}
	return errors.Join(faults...)
}

// unlimited is Kafka's word for a retention without end.
const unlimited = "-1"

// segmentAge keeps Kafka from rolling a segment for each step back in time. It rolls one when a record is that much younger than the segment's first, and
// results come in any order of time; by size it rolls anyway. A hundred years, in milliseconds.
const segmentAge = "3155760000000"

func (s TopicSpec) settings(replication int) []kafka.ConfigEntry {
	retention := unlimited
	if s.Retention > 0 {
		retention = strconv.FormatInt(s.Retention.Milliseconds(), 10)
	}
	return []kafka.ConfigEntry{
		{ConfigName: "cleanup.policy", ConfigValue: "delete"},
		{ConfigName: "retention.ms", ConfigValue: retention},
		{ConfigName: "retention.bytes", ConfigValue: unlimited},
		{ConfigName: "segment.ms", ConfigValue: segmentAge},
		{ConfigName: "message.timestamp.type", ConfigValue: "CreateTime"},
		{ConfigName: "min.insync.replicas", ConfigValue: strconv.Itoa(max(1, replication-1))},
	}
}
