package volume

import (
	"context"
	"math/rand/v2"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/topicrange"
)

const (
	// leastChunks is how many chunks are looked at in a bucket at least, and mostChunks at most.
	leastChunks, mostChunks = 8, 64
	// fewestChunks is how many suffice where much else comes along with each.
	fewestChunks = 3
	// leastChunk is how long a chunk is at least, in records, and usualChunk how long where there are more of them.
	leastChunk, usualChunk = 4, 50
	// spare keeps a part of what may be read for records that are longer than those before them.
	spare = 0.8
)

// sampler looks at chunks of a part's buckets.
type sampler struct {
	scan        *logscan.Scan
	part        topicrange.Partition
	measurement atlas.MeasurementID
	mean        float64 // bytes of a record, as far as is known
	along       along
}

// along is what is read beside a chunk on average, as Kafka sends whole batches.
type along struct{ records, bytes float64 }

// alongOf is what was read beside what was gone through.
func alongOf(read, through logscan.Read) along {
	return along{float64(read.Records - through.Records), float64(read.Bytes - through.Bytes)}
}

// mayBegin tells whether enough may be read of each of so many buckets to tell anything.
func (s *sampler) mayBegin(buckets int) bool { return s.readable(buckets) >= fewestChunks }

// chunks says how many chunks of which length may be looked at in each of so many buckets that are left; none if that is too little to tell anything.
func (s *sampler) chunks(buckets int) (count, length int64) {
	each := s.each(buckets)
	count = int64(min(max(leastChunks, each/usualChunk), mostChunks, max(fewestChunks, s.readable(buckets))))
	if length = int64(each) / count; length < leastChunk {
		return 0, 0
	}
	return count, length
}

// each is how many records may be gone through of each of so many buckets.
func (s *sampler) each(buckets int) float64 {
	records, bytes := s.scan.Left()
	return spare * min(float64(records), float64(bytes)/max(1, s.mean)) / float64(buckets)
}

// readable is in how many chunks they may be, with what comes along.
func (s *sampler) readable(buckets int) float64 {
	records, bytes := s.scan.LeftToRead()
	each, share := s.each(buckets), spare/float64(buckets)
	return min(
		(share*float64(records)-each)/max(1, s.along.records),
		(share*float64(bytes)-each*s.mean)/max(1, s.along.bytes))
}

// sample looks at the buckets between edges, which are offsets. It tells whether there was enough to be read.
func (s *sampler) sample(ctx context.Context, edges []int64) (samples []sample, enough bool, err error) {
	for i, begin := range edges[:len(edges)-1] {
		count, length := s.chunks(len(edges) - 1 - i)
		if count == 0 {
			return nil, false, nil
		}
		one := sample{records: edges[i+1] - begin}
		for _, at := range placesOf(begin, one.records, count, length) {
			looked, err := s.look(ctx, at.from, at.to)
			if err != nil {
				return nil, false, err
			}
			if s.isSpent() {
				return nil, false, nil
			}
			if looked.looked > 0 { // or transactions have left a hole there
				one.chunks = append(one.chunks, looked)
			}
		}
		samples = append(samples, one)
	}
	return samples, true, nil
}

// isSpent tells that nothing more may be read, and that the last chunk may lack something.
func (s *sampler) isSpent() bool {
	records, bytes := s.scan.Left()
	return records == 0 || bytes == 0
}

type place struct{ from, to int64 }

// placesOf spreads chunks over the records of a bucket: one somewhere in each of as many parts of the same length. Somewhere is always the same, so
// that the same question has the same answer.
func placesOf(begin, records, count, length int64) []place {
	if records <= count*length {
		if records == 0 {
			return nil
		}
		return []place{{begin, begin + records}}
	}
	places := make([]place, count)
	random := rand.New(rand.NewPCG(uint64(begin), uint64(records)))
	for i := range count {
		from, to := begin+i*records/count, begin+(i+1)*records/count
		at := from + random.Int64N(max(1, to-from-length+1))
		places[i] = place{at, at + length}
	}
	return places
}

func (s *sampler) look(ctx context.Context, from, to int64) (found chunk, err error) {
	read, through := s.scan.Read(), s.scan.Through()
	_, err = s.scan.Show(ctx, s.part.Topic, s.part.Number, from, to, func(id atlas.MeasurementID, _ time.Time) bool {
		found.looked++
		if id == s.measurement {
			found.hits++
		}
		return true
	})
	s.learn(read, through)
	return found, err
}

// learn finds out how long records are, and how much comes along with a chunk.
func (s *sampler) learn(read, through logscan.Read) {
	gone := since(s.scan.Through(), through)
	if gone.Records > 0 {
		s.mean += (float64(gone.Bytes)/float64(gone.Records) - s.mean) / leastChunks
	}
	last := alongOf(since(s.scan.Read(), read), gone)
	s.along.records += (last.records - s.along.records) / leastChunks
	s.along.bytes += (last.bytes - s.along.bytes) / leastChunks
}

// since is what came after before.
func since(now, before logscan.Read) logscan.Read {
	return logscan.Read{Records: now.Records - before.Records, Bytes: now.Bytes - before.Bytes}
}
