package volume

import (
	"cmp"
	"context"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/topicrange"
)

// Estimator estimates volumes of one log.
type Estimator struct {
	offsets  offsetCache
	scans    *answerscan.Scans
	lateness time.Duration
}

// New makes an estimator. Lateness is how late a record may be and still count.
func New(log Log, scans *answerscan.Scans, lateness time.Duration) *Estimator {
	return &Estimator{offsets: offsetCache{log: log}, scans: scans, lateness: lateness}
}

// scanRange is the offsets of a partition at which records of an interval may be.
type scanRange struct {
	topicrange.Partition
	from, to int64
}

func (s *scanRange) length() int64 { return s.to - s.from }

// computation computes one volume.
type computation struct {
	*Estimator
	Question
	timeline
	scan     *answerscan.Scan
	volume   *Volume
	live     scanRange
	archives []scanRange  // the shortest first
	counts   []int64      // of the measurement in each bucket, without estimates
	spans    []span       // that have records
	liveEnds span         // the times of the live topic's first and last records
	mean     float64      // bytes of a live record, by those that were read
	overhead readOverhead // of reading the first or the last record, whichever is more
}

// Volume computes a volume. A *protocol.Error is for the client.
func (e *Estimator) Volume(ctx context.Context, question Question) (*Volume, error) {
	c := &computation{Estimator: e, Question: question, timeline: newTimeline(question.Interval, question.Buckets), scan: e.scans.New()}
	c.volume = &Volume{Step: c.step, Quality: Exact, Omitted: []topicrange.Partition{}}
	c.counts = make([]int64, c.count())
	if err := c.locate(ctx); err != nil {
		return nil, err
	}
	chosen, countLive := c.choose()
	counted := false
	err := c.scan.Run(ctx, c.Account, c.cost(chosen, countLive), func(ctx context.Context) (err error) {
		counted, err = c.read(ctx, chosen, countLive)
		return err
	})
	if err == nil && !counted {
		err = c.estimateLive(ctx)
	}
	c.volume.Read = c.scan.Read()
	return c.finish(), err
}

// locate looks up where records of the interval may be: in a live topic up to the latest ones, in an archive anywhere after the first that is not older.
func (c *computation) locate(ctx context.Context) error {
	begin, end := c.edges[0], c.edges[c.count()]
	for _, part := range c.Parts {
		times := []int64{begin}
		if part.Live {
			times = append(times, end+c.lateness.Milliseconds())
		}
		found, err := c.offsets.lookUp(ctx, c.Account, part, times)
		if err != nil {
			return err
		}
		one := scanRange{Partition: part, from: found[0], to: part.Next}
		switch {
		case part.Live:
			one.to = found[1]
			c.live = one
		case one.length() > 0:
			c.archives = append(c.archives, one)
		}
	}
	slices.SortStableFunc(c.archives, func(a, b scanRange) int { return cmp.Compare(a.length(), b.length()) })
	return nil
}

// choose returns how many archives to count, and whether to count the live topic: everything if the limit allows, otherwise archives for up to half of the
// limit.
func (c *computation) choose() (chosen int, countLive bool) {
	left := int64(answerscan.MaxRecords)
	if c.total() > left && c.live.length() > 0 {
		left /= 2
	}
	for ; chosen < len(c.archives) && c.archives[chosen].length() <= left; chosen++ {
		left -= c.archives[chosen].length()
	}
	for _, long := range c.archives[chosen:] {
		c.omit(long)
	}
	used := int64(0)
	for _, archive := range c.archives[:chosen] {
		used += archive.length()
	}
	return chosen, c.live.length() <= answerscan.MaxRecords-used
}

func (c *computation) total() int64 {
	total := c.live.length()
	for _, archive := range c.archives {
		total += archive.length()
	}
	return total
}

func (c *computation) omit(archive scanRange) {
	c.volume.Omitted = append(c.volume.Omitted, archive.Partition)
}

// cost returns the cost of reading, in records.
func (c *computation) cost(chosen int, countLive bool) int64 {
	cost := int64(endRecords)
	for _, archive := range c.archives[:chosen] {
		cost += archive.length()
	}
	if countLive {
		cost += c.live.length()
	}
	return cost
}

// read counts what was chosen, and reports whether nothing is left to estimate.
func (c *computation) read(ctx context.Context, chosen int, countLive bool) (counted bool, err error) {
	if err := c.readEnds(ctx); err != nil {
		return false, err
	}
	for _, archive := range c.archives[:chosen] {
		_, bytes := c.scan.Remaining()
		if c.live.length() > 0 {
			bytes -= answerscan.MaxBytes / 2
		}
		whole, err := c.countArchive(ctx, archive, bytes)
		if err != nil {
			return false, err
		}
		if !whole {
			c.omit(archive)
		}
	}
	if !countLive {
		return c.live.length() == 0, nil
	}
	_, bytes := c.scan.Remaining()
	counts, seen, whole, err := c.countAll(ctx, c.live, bytes)
	if err == nil && whole {
		c.add(counts)
		c.extend(seen) // late records may be older than the first
	}
	return whole, err
}

// endRecords is how many records readEnds reads.
const endRecords = 2

// readEnds reads the first and the last record of the live topic.
func (c *computation) readEnds(ctx context.Context) error {
	if c.live.First == c.live.Next {
		return nil
	}
	before := c.scan.Scanned()
	for _, at := range []int64{c.live.First, c.live.Next - 1} {
		if err := c.readEnd(ctx, at); err != nil {
			return err
		}
	}
	c.mean = meanOf(before, c.scan.Scanned())
	c.extend(c.liveEnds)
	c.spans = append(c.spans, c.liveSpan())
	return nil
}

func (c *computation) readEnd(ctx context.Context, at int64) error {
	read, through := c.scan.Read(), c.scan.Scanned()
	_, err := c.scan.Each(ctx, c.live.Topic, c.live.Number, at, at+1, func(_ atlas.MeasurementID, at time.Time) bool {
		c.liveEnds.add(at)
		return true
	})
	came := overheadOf(since(c.scan.Read(), read), since(c.scan.Scanned(), through))
	c.overhead = readOverhead{max(c.overhead.records, came.records), max(c.overhead.bytes, came.bytes)} // the last batch may have just begun
	return err
}

// liveSpan is the time of which the live topic has records, up to now.
func (c *computation) liveSpan() span { return span{c.liveEnds.from, time.Now()} }

// extend extends the time of which the log has records.
func (c *computation) extend(s span) {
	if s.from.IsZero() {
		return
	}
	all := span{c.volume.From, c.volume.To}
	all.add(s.from)
	all.add(s.to)
	c.volume.From, c.volume.To = all.from, all.to
}

func (c *computation) countArchive(ctx context.Context, archive scanRange, most int64) (whole bool, err error) {
	counts, seen, whole, err := c.countAll(ctx, archive, most)
	if err != nil || !whole {
		return false, err
	}
	if archive.from > archive.First { // there are older ones
		seen.add(c.Interval.Start)
	}
	c.add(counts)
	c.extend(seen)
	c.spans = append(c.spans, seen)
	return true, nil
}

// lengthSample is how many records tell the length of the others.
const lengthSample = 200

// countAll counts the measurement's records in a range, if that takes at most so many bytes, and returns the time span of all its records.
func (c *computation) countAll(ctx context.Context, s scanRange, most int64) (counts []int64, seen span, whole bool, err error) {
	counts = make([]int64, c.count())
	show := func(from, to int64) (int64, error) {
		return c.scan.Each(ctx, s.Topic, s.Number, from, to, func(id atlas.MeasurementID, at time.Time) bool {
			seen.add(at)
			if bucket, is := c.bucketAt(at); is && id == c.Measurement {
				counts[bucket]++
			}
			return true
		})
	}
	before := c.scan.Scanned()
	next, err := show(s.from, min(s.to, s.from+lengthSample))
	if err != nil {
		return nil, seen, false, err
	}
	if mean := meanOf(before, c.scan.Scanned()); mean*float64(s.length()) > float64(most) {
		c.mean = mean
		return nil, seen, false, nil
	}
	next, err = show(next, s.to)
	return counts, seen, next == s.to, err
}

func meanOf(before, after answerscan.Read) float64 {
	return float64(after.Bytes-before.Bytes) / max(1, float64(after.Records-before.Records))
}

func (c *computation) add(counts []int64) {
	for i, count := range counts {
		c.counts[i] += count
	}
}
