package embedded

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// DeleteTopic deletes a topic, as an operator may by mistake.
func (b *Broker) DeleteTopic(topic string) error {
	return b.whileRunning(func() error {
		if err := b.cluster.DeleteTopic(topic); err != nil {
			return fmt.Errorf("embedded broker: deleting topic %q: %w", topic, err)
		}
		return nil
	})
}

// AddPartitions sets a higher number of partitions for a topic, as an operator may by mistake. Its records stay where they are.
func (b *Broker) AddPartitions(ctx context.Context, topic string, partitions int) error {
	return b.whileRunning(func() error {
		if err := addPartitions(ctx, b.Addrs(), topic, partitions); err != nil {
			return fmt.Errorf("embedded broker: adding partitions to topic %q: %w", topic, err)
		}
		return nil
	})
}

func addPartitions(ctx context.Context, brokers []string, topic string, partitions int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return err
	}
	defer client.Close()
	request := kmsg.NewPtrCreatePartitionsRequest()
	request.Topics = []kmsg.CreatePartitionsRequestTopic{{Topic: topic, Count: int32(partitions)}}
	request.TimeoutMillis = 10_000
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	if len(response.Topics) == 0 {
		return errors.New("no answer")
	}
	return kerr.ErrorForCode(response.Topics[0].ErrorCode)
}
