package sessiontest

import (
	"net/netip"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/live"
)

// Charged tells what networks are charged for the records of a partition.
func Charged(partition *live.Partition) (charged map[atlas.MeasurementID]map[netip.Prefix]cost.Charged) {
	partition.Do(func(locked *live.Locked) { charged = locked.Overload().Charged() })
	return charged
}

// Targets is how many clients have subscriptions in a partition, and how many of them are detached.
func Targets(partition *live.Partition) (all, detached int) {
	partition.Do(func(locked *live.Locked) {
		for _, reader := range locked.Targets() {
			all++
			if reader != nil {
				detached++
			}
		}
	})
	return all, detached
}
