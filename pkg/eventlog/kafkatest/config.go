package kafkatest

import (
	"errors"
	"fmt"
)

const maxBrokers = 9

// DefaultJVM starts a broker fast and keeps it small; it forgoes the optimizing compiler, so it is not for measuring how fast Kafka is.
var DefaultJVM = []string{"-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"}

// Config says what cluster to start.
type Config struct {
	// Brokers is how many, 1 to 9; a quorum of more than half of them must run for the cluster to work.
	Brokers int
	// Dir takes the data, settings and logs, and is left as it is when the cluster is closed; it must be empty. By default a temporary one is made, and
	// removed with the cluster.
	Dir string
	// Properties override or add to server.properties of every broker.
	Properties map[string]string
	// Listeners are further ones of every broker beside the open one, by their protocols: SSL, SASL_SSL, SASL_PLAINTEXT. Properties have what they need.
	Listeners []string
	// Users are those of SCRAM, with their passwords.
	Users map[string]string
	// JVM replaces DefaultJVM as the options of java.
	JVM []string
	// Libs is the directory of Kafka's jars. By default ATLAS_KAFKA_LIBS says it, or else it is .cache/kafka at the root of the repository.
	Libs string
}

// Validate reports every fault of c.
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
