package volume

import (
	"context"
	"errors"
	"slices"

	"atlasstream/services/gateway/internal/topicrange"
)

// worthOfChunk is what looking at a chunk is worth at least, in records: Kafka sends whole batches, and is asked for each.
const worthOfChunk = 100

// estimateLive estimates what was not counted of the live topic. If even for that too much would have to be read, the volume is that of the partition.
func (m *making) estimateLive(ctx context.Context) error {
	edges, err := m.offsets.lookUp(ctx, m.Account, m.live.Partition, m.edges)
	if err != nil {
		return err
	}
	sampler := &sampler{scan: m.scan, part: m.live.Partition, measurement: m.Measurement, mean: m.mean, along: m.along}
	count, length := sampler.chunks(m.count())
	var samples []sample
	enough := false
	if count > 0 && sampler.mayBegin(m.count()) {
		worth := int64(m.count()) * count * max(length, worthOfChunk)
		err = m.scan.Turn(ctx, m.Account, worth, func(ctx context.Context) (err error) {
			samples, enough, err = sampler.sample(ctx, edges)
			if errors.Is(err, context.DeadlineExceeded) { // the partition's volume is known all the same
				enough, err = false, nil
			}
			return err
		})
	}
	switch {
	case err != nil:
		return err
	case enough:
		m.volume.Quality, m.volume.Buckets = Sampled, estimates(samples)
	default:
		m.takePartition(edges)
	}
	return nil
}

// takePartition has the volume be that of all records of the live partition. Those of archives cannot be added to that.
func (m *making) takePartition(edges []int64) {
	m.volume.Quality = Partition
	m.volume.Buckets = make([]Bucket, m.count())
	for i := range m.volume.Buckets {
		records := float64(edges[i+1] - edges[i])
		m.volume.Buckets[i] = Bucket{Count: records, Low: records, High: records}
	}
	clear(m.counts)
	m.spans, m.volume.From, m.volume.To, m.volume.Omitted = []span{m.liveSpan()}, m.liveEnds.from, m.liveEnds.to, []topicrange.Partition{}
	for _, archive := range m.archives {
		m.omit(archive)
	}
}

// finish adds what was counted to what was estimated, and tells what is known.
func (m *making) finish() *Volume {
	if m.volume.Buckets == nil {
		m.volume.Buckets = make([]Bucket, m.count())
	}
	for i := range m.volume.Buckets {
		bucket, counted := &m.volume.Buckets[i], float64(m.counts[i])
		bucket.Count, bucket.Low, bucket.High = bucket.Count+counted, bucket.Low+counted, bucket.High+counted
		bucket.Known = counted > 0 || slices.ContainsFunc(m.spans, func(s span) bool { return m.reaches(s, i) })
	}
	return m.volume
}
