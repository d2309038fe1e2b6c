package volume

import (
	"context"
	"math/rand/v2"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/topicrange"
)

const (
	// minChunks and maxChunks bound the chunks that are read of a bucket.
	minChunks, maxChunks = 8, 64
	// minCostlyChunks is how many suffice if each has a large overhead.
	minCostlyChunks = 3
	// minChunkLength is the least length of a chunk, in records, and chunkLength the usual one.
	minChunkLength, chunkLength = 4, 50
	// budgetShare leaves a reserve for records that are longer than those before them.
	budgetShare = 0.8
)

// sampler reads chunks of the buckets of a partition.
type sampler struct {
	scan        *answerscan.Scan
	part        topicrange.Partition
	measurement atlas.MeasurementID
	mean        float64 // bytes of a record, as far as known
	overhead    readOverhead
}

// readOverhead is what is read besides a chunk on average, as Kafka sends whole batches.
type readOverhead struct{ records, bytes float64 }

// overheadOf is what was read besides what was scanned.
func overheadOf(read, through answerscan.Read) readOverhead {
	return readOverhead{float64(read.Records - through.Records), float64(read.Bytes - through.Bytes)}
}

// isFeasible reports whether the limit allows a useful sample of each bucket.
func (s *sampler) isFeasible(buckets int) bool { return s.chunksPerBucket(buckets) >= minCostlyChunks }

// chunks returns how many chunks of which length may be read of each remaining bucket; none if that is too little to be useful.
func (s *sampler) chunks(buckets int) (count, length int64) {
	each := s.recordsPerBucket(buckets)
	count = int64(min(max(minChunks, each/chunkLength), maxChunks, max(minCostlyChunks, s.chunksPerBucket(buckets))))
	if length = int64(each) / count; length < minChunkLength {
		return 0, 0
	}
	return count, length
}

// recordsPerBucket is how many records may be scanned of each bucket.
func (s *sampler) recordsPerBucket(buckets int) float64 {
	records, bytes := s.scan.Remaining()
	return budgetShare * min(float64(records), float64(bytes)/max(1, s.mean)) / float64(buckets)
}

// chunksPerBucket is in how many chunks they may be, including the overhead.
func (s *sampler) chunksPerBucket(buckets int) float64 {
	records, bytes := s.scan.RemainingToRead()
	each, share := s.recordsPerBucket(buckets), budgetShare/float64(buckets)
	return min(
		(share*float64(records)-each)/max(1, s.overhead.records),
		(share*float64(bytes)-each*s.mean)/max(1, s.overhead.bytes))
}

// sample samples the buckets between edges, which are offsets. It returns false if the limit does not suffice.
func (s *sampler) sample(ctx context.Context, edges []int64) (samples []bucketSample, enough bool, err error) {
	for i, begin := range edges[:len(edges)-1] {
		count, length := s.chunks(len(edges) - 1 - i)
		if count == 0 {
			return nil, false, nil
		}
		one := bucketSample{records: edges[i+1] - begin}
		for _, at := range chunkRanges(begin, one.records, count, length) {
			looked, err := s.readChunk(ctx, at.from, at.to)
			if err != nil {
				return nil, false, err
			}
			if s.isExhausted() {
				return nil, false, nil
			}
			if looked.looked > 0 { // otherwise transactions left a hole
				one.chunks = append(one.chunks, looked)
			}
		}
		samples = append(samples, one)
	}
	return samples, true, nil
}

// isExhausted reports that the limit is reached, so the last chunk may be incomplete.
func (s *sampler) isExhausted() bool {
	records, bytes := s.scan.Remaining()
	return records == 0 || bytes == 0
}

type offsetRange struct{ from, to int64 }

// chunkRanges spreads chunks over the records of a bucket: one at a random offset in each of as many equal parts. The random offsets follow from the bucket,
// so the same question has the same answer.
func chunkRanges(begin, records, count, length int64) []offsetRange {
	if records <= count*length {
		if records == 0 {
			return nil
		}
		return []offsetRange{{begin, begin + records}}
	}
	ranges := make([]offsetRange, count)
	random := rand.New(rand.NewPCG(uint64(begin), uint64(records)))
	for i := range count {
		from, to := begin+i*records/count, begin+(i+1)*records/count
		at := from + random.Int64N(max(1, to-from-length+1))
		ranges[i] = offsetRange{at, at + length}
	}
	return ranges
}

func (s *sampler) readChunk(ctx context.Context, from, to int64) (found chunk, err error) {
	read, through := s.scan.Read(), s.scan.Scanned()
	_, err = s.scan.Each(ctx, s.part.Topic, s.part.Number, from, to, func(id atlas.MeasurementID, _ time.Time) bool {
		found.looked++
		if id == s.measurement {
			found.hits++
		}
		return true
	})
	s.updateMeans(read, through)
	return found, err
}

// updateMeans updates the mean length of records and the mean overhead of a chunk.
func (s *sampler) updateMeans(read, through answerscan.Read) {
	gone := since(s.scan.Scanned(), through)
	if gone.Records > 0 {
		s.mean += (float64(gone.Bytes)/float64(gone.Records) - s.mean) / minChunks
	}
	last := overheadOf(since(s.scan.Read(), read), gone)
	s.overhead.records += (last.records - s.overhead.records) / minChunks
	s.overhead.bytes += (last.bytes - s.overhead.bytes) / minChunks
}

// since returns the difference of two totals.
func since(now, before answerscan.Read) answerscan.Read {
	return answerscan.Read{Records: now.Records - before.Records, Bytes: now.Bytes - before.Bytes}
}
