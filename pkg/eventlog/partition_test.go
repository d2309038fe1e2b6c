package eventlog

import (
	"testing"

	"atlasstream/pkg/atlas"
)

// The values are those of org.apache.kafka.common.utils.Utils in kafka-clients 4.4.0: toPositive(murmur2(key)) % partitions.
func TestPartitionOfAgreesWithTheJavaClient(t *testing.T) {
	for _, test := range []struct {
		measurement atlas.MeasurementID
		partitions  int
		want        int
	}{
		{1001, 8, 4}, {1001, 64, 52}, {5001, 8, 0}, {5001, 64, 48}, {7000, 1, 0}, {7000, 8, 5}, {10301, 64, 28}, {9007199254740991, 8, 3},
	} {
		if got := PartitionOf(test.measurement, test.partitions); got != test.want {
			t.Errorf("measurement %d of %d partitions: got %d, want %d", test.measurement, test.partitions, got, test.want)
		}
	}
}
