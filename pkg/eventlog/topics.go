package eventlog

import (
	"fmt"
	"regexp"
	"strings"
)

// The topics that carry live records.
const (
	ResultsTopic     = "atlas.results"
	ProbeStatusTopic = "atlas.probestatus"
)

// The topics of the registries: the objects that RIPE's API gives, the last one of each ID being the current one.
const (
	ProbesTopic       = "atlas.probes"
	MeasurementsTopic = "atlas.measurements"
)

// isRegistry tells the registries, whose readers follow added partitions, from topics of events.
func isRegistry(topic string) bool { return topic == ProbesTopic || topic == MeasurementsTopic }

const archivePrefix = "atlas.archive."

// archiveName keeps to what Kafka allows in a topic's name, without the dot, which Kafka's metrics confuse with the underscore.
var archiveName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// ArchiveTopic names the topic that holds the imported archive of that name.
func ArchiveTopic(name string) (string, error) {
	if !archiveName.MatchString(name) {
		return "", fmt.Errorf("archive name: got %q, want 1 to 100 letters, digits, underscores or hyphens", name)
	}
	return archivePrefix + name, nil
}

// IsArchiveTopic tells whether a topic holds an imported archive.
func IsArchiveTopic(topic string) bool { return strings.HasPrefix(topic, archivePrefix) }
