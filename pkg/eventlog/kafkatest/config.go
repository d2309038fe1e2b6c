package kafkatest

import (
	"errors"
	"fmt"
)

const maxBrokers = 9

// DefaultJVM starts a broker fast and keeps it small; it does without the optimizing compiler, so it is not for benchmarks of Kafka.
var DefaultJVM = []string{"-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"}

// Config describes a cluster.
type Config struct {
	// Brokers is how many, 1 to 9; a quorum of more than half of them must run for the cluster to work.
	Brokers int
	// Dir has the data, settings and logs, and is kept when the cluster is closed; it must be empty. The default is a temporary one, which is removed
	// with the cluster.
	Dir string
	// Properties override or add to server.properties of every broker.
	Properties map[string]string
	// Listeners are further ones of every broker beside the open one, by their protocols: SSL, SASL_SSL, SASL_PLAINTEXT. Properties must configure them.
	Listeners []string
	// Users are those of SCRAM, with their passwords.
	Users map[string]string
	// JVM replaces DefaultJVM as the options of java.
	JVM []string
	// Libs is the directory of Kafka's jars. The default is ATLAS_KAFKA_LIBS, or else .cache/kafka at the root of the repository.
	Libs string
}

// Validate returns all faults of c.
func (c Config) Validate() error {
	var faults []error
	if c.Brokers < 1 || c.Brokers > maxBrokers {
		faults = append(faults, fmt.Errorf("brokers: got %d, want 1 to %d", c.Brokers, maxBrokers))
	}
	for name := range c.Properties {
		if name == "node.id" || name == "log.dirs" || name == "listeners" || name == "controller.quorum.voters" {
			faults = append(faults, fmt.Errorf("properties: got %s, which every broker must have for itself", name))
		}
	}
	return errors.Join(faults...)
}
