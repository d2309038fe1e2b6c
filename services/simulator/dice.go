package simulator

import (
	"math/bits"
	"math/rand/v2"
)

// subject separates random numbers by what they are for, so that no two uses share them.
type subject uint64

const (
	aboutProbe subject = iota + 1
	aboutOrder
	aboutRunStart
	aboutResult
	aboutPath
	aboutIncidents
	aboutOutageOfProbe
	aboutReconnection
	aboutQuery
	aboutFirstConnection
	aboutShareOfProbe
	aboutRateOfProbe
	aboutAbsence
	aboutKeepAlive
	aboutTroubleOfWeek
)

// dice are the random numbers for one subject. They are the same each time they are taken for it.
type dice struct {
	source rand.PCG
	*rand.Rand
}

func newDice() *dice {
	d := &dice{}
	d.Rand = rand.New(&d.source)
	return d
}

func (d *dice) take(seed uint64, about subject, which ...int64) {
	first := mix(seed, about, which...)
	d.source.Seed(first, scramble(first))
}

// between returns a number from low up to high.
func (d *dice) between(low, high float64) float64 { return low + (high-low)*d.Float64() }

func (d *dice) chance(probability float64) bool { return d.Float64() < probability }

func mix(seed uint64, about subject, which ...int64) uint64 {
	mixed := scramble(scramble(seed) + uint64(about))
	for _, number := range which {
		mixed = scramble(mixed + uint64(number))
	}
	return mixed
}

// scramble is a step of splitmix64 (Steele, Lea, Flood 2014): numbers that differ in one bit come out unrelated.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// fraction reduces a random number to one from 0 to below 1.
func fraction(random uint64) float64 { return float64(random>>11) / (1 << 53) }

// below reduces a random number to one from 0 up to limit.
func below(random uint64, limit int64) int64 {
	high, _ := bits.Mul64(random, uint64(limit))
	return int64(high)
}
