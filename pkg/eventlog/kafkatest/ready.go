package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const pollInterval = 50 * time.Millisecond

// awaitReady waits until the broker reports that it and that many brokers in all serve clients.
func (b *broker) awaitReady(ctx context.Context, brokers int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.address))
	if err != nil {
		return err
	}
	defer client.Close()
	var listed []int32
	err = poll(ctx, b.ended, func(ctx context.Context) (ready bool) {
		listed = listedBrokers(ctx, client)
		return len(listed) >= brokers && slices.Contains(listed, int32(b.id))
	})
	if err != nil {
		return fmt.Errorf("broker %d is not ready, and lists the brokers %v: %w", b.id, listed, err)
	}
	return nil
}

func listedBrokers(ctx context.Context, client *kgo.Client) (ids []int32) {
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{} // none
	response, err := client.SeedBrokers()[0].Request(ctx, request)
	if err != nil {
		return nil
	}
	for _, broker := range response.(*kmsg.MetadataResponse).Brokers {
		ids = append(ids, broker.NodeID)
	}
	return ids
}

// AwaitInSync waits until every replica of every partition is in sync, so that any one broker may fail.
func (c *Cluster) AwaitInSync(ctx context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Addrs()...))
	if err != nil {
		return fmt.Errorf("kafkatest: %w", err)
	}
	defer client.Close()
	var lagging []string
	var asking error
	err = poll(ctx, nil, func(ctx context.Context) bool {
		lagging, asking = laggingPartitions(ctx, client)
		return asking == nil && len(lagging) == 0
	})
	if err != nil {
		return fmt.Errorf("kafkatest: partitions %v are not in sync: %w", lagging, errors.Join(err, asking))
	}
	return nil
}

func laggingPartitions(ctx context.Context, client *kgo.Client) (names []string, err error) {
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = nil // all
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return nil, err
	}
	for _, topic := range response.Topics {
		for _, partition := range topic.Partitions {
			if len(partition.ISR) < len(partition.Replicas) {
				names = append(names, fmt.Sprintf("%s-%d", *topic.Topic, partition.Partition))
			}
		}
	}
	return names, nil
}

var errEnded = errors.New("its process has ended")

// poll calls again and again, with a second for each call.
func poll(ctx context.Context, ended <-chan struct{}, ask func(context.Context) bool) error {
	again := time.NewTicker(pollInterval)
	defer again.Stop()
	for {
		attempt, cancel := context.WithTimeout(ctx, time.Second)
		done := ask(attempt)
		cancel()
		if done {
			return nil
		}
		select {
		case <-again.C:
		case <-ended:
			return errEnded
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
