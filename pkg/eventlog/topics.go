package eventlog

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// The topics that carry live records.
const (
	ResultsTopic     = "atlas.results"
	ProbeStatusTopic = "atlas.probestatus"
)

// The topics of the registries: objects as RIPE's API returns them, of which the last one of each ID is the current one.
const (
	ProbesTopic       = "atlas.probes"
	MeasurementsTopic = "atlas.measurements"
)

// isRegistry tells registries, whose readers follow added partitions, from topics of events.
func isRegistry(topic string) bool { return topic == ProbesTopic || topic == MeasurementsTopic }

const archivePrefix = "atlas.archive."

// archiveName allows what Kafka allows in a topic's name, except for the dot, which Kafka's metrics confuse with the underscore.
var archiveName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// ArchiveTopic returns the topic of the imported archive with that name.
func ArchiveTopic(name string) (string, error) {
	if !archiveName.MatchString(name) {
		return "", fmt.Errorf("archive name: got %q, want 1 to 100 letters, digits, underscores or hyphens", name)
	}
	return archivePrefix + name, nil
}

// IsArchiveTopic reports whether a topic holds an imported archive.
func IsArchiveTopic(topic string) bool { return strings.HasPrefix(topic, archivePrefix) }

// TopicSpec describes a topic.
type TopicSpec struct {
	Name        string
	Partitions  int           // fixed when the topic is created: a measurement's history is in one partition
	Replication int           // 0: three, or one on each broker if there are fewer
	Retention   time.Duration // by event time; 0: unlimited
	Compacted   bool          // only the last record of each key is kept, whatever its age
}

const (
	archivePartitions  = 8
	registryPartitions = 1
)

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

// ProbesSpec is the registry of probes.
func ProbesSpec() TopicSpec { return registrySpec(ProbesTopic) }

// MeasurementsSpec is the registry of measurements.
func MeasurementsSpec() TopicSpec { return registrySpec(MeasurementsTopic) }

func registrySpec(name string) TopicSpec {
	return TopicSpec{Name: name, Partitions: registryPartitions, Compacted: true}
}

// topicName is what Kafka allows.
var topicName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,249}$`)

// Validate returns all faults of the description.
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
	if s.Retention > 0 && s.Compacted {
		faults = append(faults, fmt.Errorf("topic %s: retention: got %s, want none, as the topic is compacted", s.Name, s.Retention))
	}
	return errors.Join(faults...)
}

// unlimited is Kafka's value for a retention without end.
const unlimited = "-1"

// segmentAge prevents Kafka from rolling a segment for each step back in time. It rolls one when a record is that much younger than the segment's first,
// and results come in any order of time; by size it rolls anyway. A hundred years, in milliseconds.
const segmentAge = "3155760000000"

func (s TopicSpec) settings(replication int) []kafka.ConfigEntry {
	settings := []kafka.ConfigEntry{
		{ConfigName: "message.timestamp.type", ConfigValue: "CreateTime"},
		{ConfigName: "min.insync.replicas", ConfigValue: strconv.Itoa(max(1, replication-1))},
	}
	if s.Compacted {
		return append(settings, compaction...)
	}
	retention := unlimited
	if s.Retention > 0 {
		retention = strconv.FormatInt(s.Retention.Milliseconds(), 10)
	}
	return append(settings,
		kafka.ConfigEntry{ConfigName: "cleanup.policy", ConfigValue: "delete"},
		kafka.ConfigEntry{ConfigName: "retention.ms", ConfigValue: retention},
		kafka.ConfigEntry{ConfigName: "retention.bytes", ConfigValue: unlimited},
		kafka.ConfigEntry{ConfigName: "segment.ms", ConfigValue: segmentAge},
	)
}

// compaction keeps the log of a registry within a small multiple of the current state: Kafka compacts all but the active segment, as soon as a fifth of
// it was not compacted before. Tombstones stay long enough for readers that started before.
var compaction = []kafka.ConfigEntry{
	{ConfigName: "cleanup.policy", ConfigValue: "compact"},
	{ConfigName: "segment.bytes", ConfigValue: "16777216"},
	{ConfigName: "min.cleanable.dirty.ratio", ConfigValue: "0.2"},
	{ConfigName: "delete.retention.ms", ConfigValue: "604800000"},
}

// keyBalancer chooses a record's partition by its key as Kafka's Java client does, so that foreign producers and readers agree with us.
var keyBalancer = kafka.Murmur2Balancer{Consistent: true}

// PartitionOf returns the partition of a measurement's records in a topic with that many partitions.
func PartitionOf(measurement atlas.MeasurementID, partitions int) int {
	numbers := make([]int, partitions)
	for i := range numbers {
		numbers[i] = i
	}
	return keyBalancer.Balance(kafka.Message{Key: []byte(measurement.Key())}, numbers...)
}
