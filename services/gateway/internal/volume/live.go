package volume

import (
	"context"
	"errors"
	"slices"

	"atlasstream/services/gateway/internal/topicrange"
)

// minChunkCost is the least cost of a chunk, in records: each is a request to Kafka, which sends whole batches.
const minChunkCost = 100

// estimateLive estimates the volume of the live topic from a sample. If even a sample is too much to read, the volume is that of the partition.
func (c *computation) estimateLive(ctx context.Context) error {
	edges, err := c.offsets.lookUp(ctx, c.Account, c.live.Partition, c.edges)
	if err != nil {
		return err
	}
	sampler := &sampler{scan: c.scan, part: c.live.Partition, measurement: c.Measurement, mean: c.mean, overhead: c.overhead}
	count, length := sampler.chunks(c.count())
	var samples []bucketSample
	enough := false
	if count > 0 && sampler.isFeasible(c.count()) {
		cost := int64(c.count()) * count * max(length, minChunkCost)
		err = c.scan.Run(ctx, c.Account, cost, func(ctx context.Context) (err error) {
			samples, enough, err = sampler.sample(ctx, edges)
			if errors.Is(err, context.DeadlineExceeded) { // the partition's volume is known anyway
				enough, err = false, nil
			}
			return err
		})
	}
	switch {
	case err != nil:
		return err
	case enough:
		c.volume.Quality, c.volume.Buckets = Sampled, estimates(samples)
	default:
		c.usePartition(edges)
	}
	return nil
}

// usePartition sets the volume to that of all records of the live partition, to which archives cannot be added.
func (c *computation) usePartition(edges []int64) {
	c.volume.Quality = Partition
	c.volume.Buckets = make([]Bucket, c.count())
	for i := range c.volume.Buckets {
		records := float64(edges[i+1] - edges[i])
		c.volume.Buckets[i] = Bucket{Count: records, Low: records, High: records}
	}
	clear(c.counts)
	c.spans, c.volume.From, c.volume.To, c.volume.Omitted = []span{c.liveSpan()}, c.liveEnds.from, c.liveEnds.to, []topicrange.Partition{}
	for _, archive := range c.archives {
		c.omit(archive)
	}
}

// finish adds what was counted to the estimate, and marks the known buckets.
func (c *computation) finish() *Volume {
	if c.volume.Buckets == nil {
		c.volume.Buckets = make([]Bucket, c.count())
	}
	for i := range c.volume.Buckets {
		bucket, counted := &c.volume.Buckets[i], float64(c.counts[i])
		bucket.Count, bucket.Low, bucket.High = bucket.Count+counted, bucket.Low+counted, bucket.High+counted
		bucket.Known = counted > 0 || slices.ContainsFunc(c.spans, func(s span) bool { return c.reaches(s, i) })
	}
	return c.volume
}
