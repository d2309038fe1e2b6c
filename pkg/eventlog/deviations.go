package eventlog

import (
	"context"
	"fmt"
	"strconv"

	"github.com/segmentio/kafka-go"
)

// Deviation is a setting of an existing topic that differs from its description.
type Deviation struct{ Topic, Setting, Got, Want string }

// String tells the deviation in one line.
func (d Deviation) String() string {
	return fmt.Sprintf("%s: %s: got %s, want %s", d.Topic, d.Setting, d.Got, d.Want)
}

// Deviations compares existing topics with their descriptions. It changes nothing.
func (l *Log) Deviations(ctx context.Context, specs ...TopicSpec) ([]Deviation, error) {
	var deviations []Deviation
	for _, spec := range specs {
		found, err := l.deviations(ctx, spec)
		if err != nil {
			return nil, err
		}
		deviations = append(deviations, found...)
	}
	return deviations, nil
}

func (l *Log) deviations(ctx context.Context, spec TopicSpec) ([]Deviation, error) {
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
	var deviations []Deviation
	for _, setting := range want {
		if got, known := settings[setting.ConfigName]; known && got != setting.ConfigValue {
			deviations = append(deviations, Deviation{Topic: spec.Name, Setting: setting.ConfigName, Got: got, Want: setting.ConfigValue})
		}
	}
	return deviations, nil
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
