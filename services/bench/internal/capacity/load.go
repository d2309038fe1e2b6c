package capacity

import (
	"fmt"
	"math"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// Load is what sources send and what clients want of it.
type Load struct {
	Results      float64 // a second
	Bursts       float64 // in which they reach Kafka, a second
	Measurements []Measurement

	partitions []partition
}

// partition is what sources send and clients want of the measurements of a partition.
type partition struct{ share, clients float64 }

// NewLoad spreads measurements over so many partitions, as Kafka does.
func NewLoad(results, bursts float64, partitions int, measurements []Measurement) Load {
	load := Load{Results: results, Bursts: bursts, Measurements: measurements, partitions: make([]partition, partitions)}
	for _, measurement := range measurements {
		of := &load.partitions[eventlog.PartitionOf(measurement.Number, partitions)]
		of.share += measurement.Share
		of.clients += measurement.Clients
	}
	return load
}

// Measurement is what sources send and clients want of one measurement.
type Measurement struct {
	Number  atlas.MeasurementID
	Share   float64 // of the results
	Clients float64
}

// Busiest is the share of the results that the busiest partition has.
func (l Load) Busiest() (most float64) {
	for _, partition := range l.partitions {
		most = max(most, partition.share)
	}
	return most
}

// Zipf gives measurements shares that follow Zipf's law: that of the n-th one, from 0 on, is in proportion to 1/(n+Offset)^Exponent.
type Zipf struct{ Exponent, Offset float64 }

// Uneven is the law of the benchmark's uneven load.
var Uneven = Zipf{Exponent: 1.1, Offset: 8}

// Shares gives the shares of so many measurements, which add up to 1.
func (z Zipf) Shares(measurements int) []float64 {
	shares, all := make([]float64, measurements), 0.0
	for n := range shares {
		shares[n] = math.Pow(float64(n)+z.Offset, -z.Exponent)
		all += shares[n]
	}
	for n := range shares {
		shares[n] /= all
	}
	return shares
}

// SharesUpTo gives shares of so many measurements that fall as Uneven's do, but begin with the greatest one.
func SharesUpTo(greatest float64, measurements int) ([]float64, error) {
	least := 1 / float64(measurements)
	if !(greatest >= least && greatest <= 1) { // nor NaN
		return nil, fmt.Errorf("got a share of %g of all results, want %g to 1", greatest, least)
	}
	low, high := math.Log(1e-6), math.Log(1e9)
	const halvings = 32
	for range halvings {
		middle := (low + high) / 2
		if (Zipf{Uneven.Exponent, math.Exp(middle)}).Shares(measurements)[0] > greatest {
			low = middle
		} else {
			high = middle
		}
	}
	return Zipf{Uneven.Exponent, math.Exp(high)}.Shares(measurements), nil
}

// Even gives equal shares.
func Even(measurements int) []float64 { return Zipf{Offset: 1}.Shares(measurements) }
