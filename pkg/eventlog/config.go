package eventlog

import (
	"errors"
	"fmt"
	"net"
	"slices"

	"atlasstream/pkg/eventlog/security"
)

// DefaultRepeatHorizon is how many offsets before a record are searched for a repeat of it, unless configured otherwise.
const DefaultRepeatHorizon = 16_384

// maxRepeatHorizon limits the memory of a followed partition (40 to 80 bytes a record of the horizon).
const maxRepeatHorizon = 1 << 22

// Config says where Kafka is and how its records are read. All readers of a log must have the same RepeatHorizon, or they disagree about repeats.
type Config struct {
	Brokers       []string // host:port of brokers to start from; the others are found through them
	ClientID      string   // as it appears in the logs of brokers; default "atlas-stream"
	RepeatHorizon int      // in offsets; default DefaultRepeatHorizon
	Topics        []string // that Check checks; default ResultsTopic and ProbeStatusTopic
	Rights        []Right  // that Check requires on these topics, the registries and KeysTopic, as far as they exist; default none
	Security      security.Config
	// ExistingTopics says that something else creates the topics: this Log waits for one that is missing.
	ExistingTopics bool
}

// Validate returns all faults of the configuration.
func (c Config) Validate() error {
	var faults []error
	if len(c.Brokers) == 0 {
		faults = append(faults, errors.New("brokers: none given, want at least one host:port"))
	}
	for _, broker := range c.Brokers {
		if _, _, err := net.SplitHostPort(broker); err != nil {
			faults = append(faults, fmt.Errorf("brokers: got %q, want host:port: %w", broker, err))
		}
	}
	if c.RepeatHorizon < 0 || c.RepeatHorizon > maxRepeatHorizon {
		faults = append(faults, fmt.Errorf("repeat horizon: got %d, want 1 to %d records, or 0 for the default", c.RepeatHorizon, maxRepeatHorizon))
	}
	return errors.Join(append(faults, c.Security.Validate())...)
}

func (c Config) withDefaults() Config {
	if c.ClientID == "" {
		c.ClientID = "atlas-stream"
	}
	if c.RepeatHorizon == 0 {
		c.RepeatHorizon = DefaultRepeatHorizon
	}
	if c.Topics == nil {
		c.Topics = []string{ResultsTopic, ProbeStatusTopic}
	}
	return c
}

// topicsOfRights returns the topics on which the rights are required.
func (c Config) topicsOfRights() []string {
	if len(c.Rights) == 0 {
		return c.Topics
	}
	return slices.Concat(c.Topics, []string{ProbesTopic, MeasurementsTopic, KeysTopic})
}
