// Package stats summarises measurements.
package stats

import (
	"cmp"
	"math"
	"slices"
)

// Percentile is the least of the sorted values that the given percentage of them do not exceed, 0 < percent ≤ 100; 0 if there are none.
func Percentile[T cmp.Ordered](sorted []T, percent float64) T {
	if len(sorted) == 0 {
		var none T
		return none
	}
	rank := int(math.Ceil(float64(len(sorted)) * percent / 100))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Median is the median of the values, which need not be sorted; the mean of the two middle ones if their number is even; 0 if there are none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
