package capacity

import "math"

// Work is what one gateway does in a second.
type Work struct {
	Running  float64 // 1
	Followed float64 // partitions
	Fetches  float64 // responses of Kafka's with records
	Records  float64 // read
	Matched  float64 // of them, those that a client gets
	Wakes    float64 // writes to clients that sleep
	Writes   float64 // to clients
	Results  float64 // in them
}

func (w Work) pieces() []float64 {
	return []float64{w.Running, w.Followed, w.Fetches, w.Records, w.Matched, w.Wakes, w.Writes, w.Results}
}

// mostWakes is how many clients that get the same result sleep when it is written to them. Whoever receives for many of them, a load balancer for example, is
// awake after the first ones.
const mostWakes = 10

// WorkOf is the work of one of several gateways that share the clients of a load at random. A gateway reads the partitions of the measurements that its clients
// want, with whatever else is in them.
func WorkOf(load Load, gateways int) (work Work) {
	share := 1 / float64(gateways)
	work.Running = 1
	for _, partition := range load.partitions {
		followed := anyOf(partition.clients, share)
		work.Followed += followed
		work.Records += followed * load.Results * partition.share
		work.Fetches += followed * load.bursts(partition.share)
	}
	for _, measurement := range load.Measurements {
		work.Matched += anyOf(measurement.Clients, share) * load.Results * measurement.Share
		work.Results += share * measurement.Clients * load.Results * measurement.Share
		work.Writes += share * measurement.Clients * load.bursts(measurement.Share)
		work.Wakes += min(share*measurement.Clients, mostWakes) * load.bursts(measurement.Share)
	}
	return work
}

// anyOf is the chance of at least one of so many, each of which has the given chance. Fewer than one on average are none or one.
func anyOf(count, chance float64) float64 {
	if count < 1 {
		return count * chance
	}
	return 1 - math.Pow(1-chance, count)
}

// bursts is how many times a second some of a share of the results arrive together.
func (l Load) bursts(share float64) float64 {
	if inBurst := l.Results / l.Bursts; inBurst > 1 {
		return l.Bursts * anyOf(inBurst, share)
	}
	return l.Results * share
}
