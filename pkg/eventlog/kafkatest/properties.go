package kafkatest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// properties returns the settings of one broker, with the configuration's Properties last.
func (c *Cluster) properties(b *broker) string {
	settings := map[string]string{
		"node.id":                        strconv.Itoa(b.id),
		"process.roles":                  "broker,controller",
		"listeners":                      c.listeners(b),
		"controller.listener.names":      "CONTROLLER",
		"listener.security.protocol.map": c.protocols(),
		"controller.quorum.voters":       c.voters(),
		"log.dirs":                       b.data(),
	}
	maps.Copy(settings, replication(len(c.brokers)))
	maps.Copy(settings, quick)
	maps.Copy(settings, c.config.Properties)
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s=%s\n", name, strings.ReplaceAll(settings[name], `\`, `\\`))
	}
	return text.String()
}

func (c *Cluster) listeners(b *broker) string {
	listeners := []string{"PLAINTEXT://" + b.address, "CONTROLLER://" + b.controller}
	for i, protocol := range c.config.Listeners {
		listeners = append(listeners, protocol+"://"+b.listeners[i])
	}
	return strings.Join(listeners, ",")
}

func (c *Cluster) protocols() string {
	protocols := []string{"PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT"}
	for _, protocol := range c.config.Listeners {
		protocols = append(protocols, protocol+":"+protocol)
	}
	return strings.Join(protocols, ",")
}

func (c *Cluster) voters() string {
	voters := make([]string, len(c.brokers))
	for i, broker := range c.brokers {
		voters[i] = fmt.Sprintf("%d@%s", broker.id, broker.controller)
	}
	return strings.Join(voters, ",")
}

// replication keeps every record on as many brokers as a production cluster would, so that one of three may fail.
func replication(brokers int) map[string]string {
	factor := min(3, brokers)
	replicas, inSync := strconv.Itoa(factor), strconv.Itoa(max(1, factor-1))
	return map[string]string{
		"default.replication.factor":                       replicas,
		"min.insync.replicas":                              inSync,
		"offsets.topic.replication.factor":                 replicas,
		"transaction.state.log.replication.factor":         replicas,
		"transaction.state.log.min.isr":                    inSync,
		"share.coordinator.state.topic.replication.factor": replicas,
		"share.coordinator.state.topic.min.isr":            inSync,
	}
}

// quick makes a broker small, and lets the others detect a killed one after two seconds instead of nine; it cannot restart sooner either. It deletes nothing by
// age meanwhile: records of tests are years old.
var quick = map[string]string{
	"auto.create.topics.enable":                    "false",
	"broker.heartbeat.interval.ms":                 "250",
	"broker.session.timeout.ms":                    "2000",
	"controller.quorum.election.timeout.ms":        "500",
	"controller.quorum.fetch.timeout.ms":           "1000",
	"controller.quorum.election.backoff.max.ms":    "500",
	"group.initial.rebalance.delay.ms":             "0",
	"log.cleaner.backoff.ms":                       "100",
	"log.cleaner.dedupe.buffer.size":               "4194304",
	"log.index.size.max.bytes":                     "1048576",
	"log.retention.check.interval.ms":              "86400000", // the first check comes 30 s after the start nevertheless
	"log.retention.ms":                             "-1",
	"num.io.threads":                               "2",
	"num.network.threads":                          "2",
	"num.recovery.threads.per.data.dir":            "1",
	"offsets.topic.num.partitions":                 "1",
	"share.coordinator.state.topic.num.partitions": "1",
	"transaction.state.log.num.partitions":         "1",
}
