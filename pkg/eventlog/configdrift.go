package eventlog

import (
	"context"
	"fmt"
	"strconv"

	"github.com/segmentio/kafka-go"
)

// Drift is a setting of an existing topic that differs from its description.
type Drift struct{ Topic, Setting, Got, Want string }

// String describes the difference in one line.
func (d Drift) String() string {
	return fmt.Sprintf("%s: %s: got %s, want %s", d.Topic, d.Setting, d.Got, d.Want)
}

// ConfigDrift compares the settings of existing topics with their descriptions. It changes nothing.
func (l *Log) ConfigDrift(ctx context.Context, specs ...TopicSpec) ([]Drift, error) {
	var drift []Drift
	for _, spec := range specs {
		found, err := l.topicDrift(ctx, spec)
		if err != nil {
			return nil, err
		}
		drift = append(drift, found...)
	}
	return drift, nil
}

func (l *Log) topicDrift(ctx context.Context, spec TopicSpec) ([]Drift, error) {
	partitions, err := l.topicPartitions(ctx, spec.Name)
	if err != nil {
		return nil, err
	}
	replication, err := l.replication(ctx, spec)
	if err != nil {
		return nil, err
	}
	settings, err := l.topicSettings(ctx, spec.Name)
	if err != nil {
		return nil, err
	}
	want := spec.settings(replication)
	want = append(want,
		kafka.ConfigEntry{ConfigName: "partitions", ConfigValue: strconv.Itoa(spec.Partitions)},
		kafka.ConfigEntry{ConfigName: "replication", ConfigValue: strconv.Itoa(replication)})
	settings["partitions"] = strconv.Itoa(len(partitions))
	settings["replication"] = strconv.Itoa(len(partitions[0].Replicas))
	var drift []Drift
	for _, setting := range want {
		if got, known := settings[setting.ConfigName]; known && got != setting.ConfigValue {
			drift = append(drift, Drift{Topic: spec.Name, Setting: setting.ConfigName, Got: got, Want: setting.ConfigValue})
		}
	}
	return drift, nil
}

func (l *Log) topicSettings(ctx context.Context, topic string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	response, err := l.client.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{
		Resources: []kafka.DescribeConfigRequestResource{{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic}},
	})
	if err != nil {
		return nil, fmt.Errorf("settings of %s: %w", topic, err)
	}
	settings := map[string]string{}
	for _, resource := range response.Resources {
		if resource.Error != nil {
			return nil, fmt.Errorf("settings of %s: %w", topic, resource.Error)
		}
		for _, entry := range resource.ConfigEntries {
			settings[entry.ConfigName] = entry.ConfigValue
		}
	}
	return settings, nil
}
