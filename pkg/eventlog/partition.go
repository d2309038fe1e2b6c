package eventlog

import (
	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// keyBalancer chooses a record's partition by its key as Kafka's Java client does, so that foreign producers and readers agree with us.
var keyBalancer = kafka.Murmur2Balancer{Consistent: true}

// PartitionOf gives the partition of a measurement's records in a topic of that many partitions.
func PartitionOf(measurement atlas.MeasurementID, partitions int) int {
	numbers := make([]int, partitions)
	for i := range numbers {
		numbers[i] = i
	}
	return keyBalancer.Balance(kafka.Message{Key: []byte(measurement.Key())}, numbers...)
}
