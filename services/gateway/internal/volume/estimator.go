package volume

import (
	"cmp"
	"context"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/topicrange"
)

// Estimator makes volumes of one log.
type Estimator struct {
	offsets  offsets
	scans    *logscan.Scans
	lateness time.Duration
}

// New makes an estimator. Lateness is how much later than others of its time a record still counts.
func New(log Log, scans *logscan.Scans, lateness time.Duration) *Estimator {
	return &Estimator{offsets: offsets{log: log}, scans: scans, lateness: lateness}
}

// stretch is what a part has from an offset to before another, where records of an interval may be.
type stretch struct {
	topicrange.Partition
	from, to int64
}

func (s *stretch) length() int64 { return s.to - s.from }

// making is a volume that is being made.
type making struct {
	*Estimator
	Question
	timeline
	scan     *logscan.Scan
	volume   *Volume
	live     stretch
	archives []stretch // the shortest first
	counts   []int64   // of the measurement in each bucket, as far as that is exact
	spans    []span    // of which there are records
	liveEnds span      // the times of the live topic's first and last records
	mean     float64   // bytes of a live record, by those that were seen
	along    along     // what came along with the first or the last, whichever is more
}

// Volume answers a question. A *protocol.Error is for the client.
func (e *Estimator) Volume(ctx context.Context, question Question) (*Volume, error) {
	m := &making{Estimator: e, Question: question, timeline: newTimeline(question.Interval, question.Buckets), scan: e.scans.New()}
	m.volume = &Volume{Step: m.step, Quality: Exact, Omitted: []topicrange.Partition{}}
	m.counts = make([]int64, m.count())
	if err := m.locate(ctx); err != nil {
		return nil, err
	}
	chosen, countLive := m.choose()
	counted := false
	err := m.scan.Turn(ctx, m.Account, m.worth(chosen, countLive), func(ctx context.Context) (err error) {
		counted, err = m.read(ctx, chosen, countLive)
		return err
	})
	if err == nil && !counted {
		err = m.estimateLive(ctx)
	}
	m.volume.Read = m.scan.Read()
	return m.finish(), err
}

// locate finds where records of the interval may stand: in a live topic up to where late ones come, in an archive anywhere after the first that is not older.
func (m *making) locate(ctx context.Context) error {
	begin, end := m.edges[0], m.edges[m.count()]
	for _, part := range m.Parts {
		times := []int64{begin}
		if part.Live {
			times = append(times, end+m.lateness.Milliseconds())
		}
		found, err := m.offsets.lookUp(ctx, m.Account, part, times)
		if err != nil {
			return err
		}
		one := stretch{Partition: part, from: found[0], to: part.Next}
		switch {
		case part.Live:
			one.to = found[1]
			m.live = one
		case one.length() > 0:
			m.archives = append(m.archives, one)
		}
	}
	slices.SortStableFunc(m.archives, func(a, b stretch) int { return cmp.Compare(a.length(), b.length()) })
	return nil
}

// choose takes as many archives as may be counted, and tells whether the live records may be as well: all if they are few enough, else archives up to half of
// what may be read.
func (m *making) choose() (chosen int, countLive bool) {
	left := int64(logscan.MaxRecords)
	if m.total() > left && m.live.length() > 0 {
		left /= 2
	}
	for ; chosen < len(m.archives) && m.archives[chosen].length() <= left; chosen++ {
		left -= m.archives[chosen].length()
	}
	for _, long := range m.archives[chosen:] {
		m.omit(long)
	}
	used := int64(0)
	for _, archive := range m.archives[:chosen] {
		used += archive.length()
	}
	return chosen, m.live.length() <= logscan.MaxRecords-used
}

func (m *making) total() int64 {
	total := m.live.length()
	for _, archive := range m.archives {
		total += archive.length()
	}
	return total
}

func (m *making) omit(archive stretch) {
	m.volume.Omitted = append(m.volume.Omitted, archive.Partition)
}

// worth is what reading is worth, in records.
func (m *making) worth(chosen int, countLive bool) int64 {
	worth := int64(endsOfLive)
	for _, archive := range m.archives[:chosen] {
		worth += archive.length()
	}
	if countLive {
		worth += m.live.length()
	}
	return worth
}

// read counts what was chosen, and tells whether nothing is left to be estimated.
func (m *making) read(ctx context.Context, chosen int, countLive bool) (counted bool, err error) {
	if err := m.findEnds(ctx); err != nil {
		return false, err
	}
	for _, archive := range m.archives[:chosen] {
		_, bytes := m.scan.Left()
		if m.live.length() > 0 {
			bytes -= logscan.MaxBytes / 2
		}
		whole, err := m.countArchive(ctx, archive, bytes)
		if err != nil {
			return false, err
		}
		if !whole {
			m.omit(archive)
		}
	}
	if !countLive {
		return m.live.length() == 0, nil
	}
	_, bytes := m.scan.Left()
	counts, seen, whole, err := m.countAll(ctx, m.live, bytes)
	if err == nil && whole {
		m.add(counts)
		m.extend(seen) // late records may be older than the first
	}
	return whole, err
}

// endsOfLive is how many records findEnds reads.
const endsOfLive = 2

// findEnds reads the first and the last record of the live topic.
func (m *making) findEnds(ctx context.Context) error {
	if m.live.First == m.live.Next {
		return nil
	}
	before := m.scan.Through()
	for _, at := range []int64{m.live.First, m.live.Next - 1} {
		if err := m.findEnd(ctx, at); err != nil {
			return err
		}
	}
	m.mean = meanOf(before, m.scan.Through())
	m.extend(m.liveEnds)
	m.spans = append(m.spans, m.liveSpan())
	return nil
}

func (m *making) findEnd(ctx context.Context, at int64) error {
	read, through := m.scan.Read(), m.scan.Through()
	_, err := m.scan.Show(ctx, m.live.Topic, m.live.Number, at, at+1, func(_ atlas.MeasurementID, at time.Time) bool {
		m.liveEnds.add(at)
		return true
	})
	came := alongOf(since(m.scan.Read(), read), since(m.scan.Through(), through))
	m.along = along{max(m.along.records, came.records), max(m.along.bytes, came.bytes)} // the last batch may have just begun
	return err
}

// liveSpan is the time of which the live topic has records, to which one may come at any moment.
func (m *making) liveSpan() span { return span{m.liveEnds.from, time.Now()} }

// extend notes of when the log has records.
func (m *making) extend(s span) {
	if s.from.IsZero() {
		return
	}
	all := span{m.volume.From, m.volume.To}
	all.add(s.from)
	all.add(s.to)
	m.volume.From, m.volume.To = all.from, all.to
}

func (m *making) countArchive(ctx context.Context, archive stretch, most int64) (whole bool, err error) {
	counts, seen, whole, err := m.countAll(ctx, archive, most)
	if err != nil || !whole {
		return false, err
	}
	if archive.from > archive.First { // there are older ones
		seen.add(m.Interval.Start)
	}
	m.add(counts)
	m.extend(seen)
	m.spans = append(m.spans, seen)
	return true, nil
}

// firstOnes is how many records tell how long the others are.
const firstOnes = 200

// countAll counts the measurement's records in a stretch, if that takes so many bytes at most, and tells of which time all records there are.
func (m *making) countAll(ctx context.Context, s stretch, most int64) (counts []int64, seen span, whole bool, err error) {
	counts = make([]int64, m.count())
	show := func(from, to int64) (int64, error) {
		return m.scan.Show(ctx, s.Topic, s.Number, from, to, func(id atlas.MeasurementID, at time.Time) bool {
			seen.add(at)
			if bucket, is := m.bucketAt(at); is && id == m.Measurement {
				counts[bucket]++
			}
			return true
		})
	}
	before := m.scan.Through()
	next, err := show(s.from, min(s.to, s.from+firstOnes))
	if err != nil {
		return nil, seen, false, err
	}
	if mean := meanOf(before, m.scan.Through()); mean*float64(s.length()) > float64(most) {
		m.mean = mean
		return nil, seen, false, nil
	}
	next, err = show(next, s.to)
	return counts, seen, next == s.to, err
}

func meanOf(before, after logscan.Read) float64 {
	return float64(after.Bytes-before.Bytes) / max(1, float64(after.Records-before.Records))
}

func (m *making) add(counts []int64) {
	for i, count := range counts {
		m.counts[i] += count
	}
}
