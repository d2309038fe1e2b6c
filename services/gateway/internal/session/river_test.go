package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"atlasstream/services/gateway/internal/catchup"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// river is a log of some partitions that grows, its feed, which holds the last few records, and its trail.
type river struct {
	source *Source
	held   int // records that the feed holds of a partition
	banks  []*bank
	gone   *protocol.Error // what every cursor is refused with; nil for none

	resumed, followed atomic.Int64 // calls of Resume and Follow
	kept              atomic.Int64 // tails that have not been released
}

// bank is a partition.
type bank struct {
	mu       sync.Mutex // as the tail's
	records  []atlas.Record
	next     int64
	advanced chan struct{} // is closed when the partition grows
	lost     int64         // what stands before is gone
}

func newRiver(partitions, held int) *river {
	r := &river{held: held}
	for range partitions {
		r.banks = append(r.banks, &bank{advanced: make(chan struct{})})
	}
	return r
}

func (r *river) bankOf(measurement atlas.MeasurementID) (int, *bank) {
	number := int(measurement) % len(r.banks)
	return number, r.banks[number]
}

// append has a partition grow by some records with offsets among which some are missing, as those of repeats are.
func (r *river) append(random *rand.Rand, number int, measurements ...atlas.MeasurementID) {
	added := make([]atlas.Record, 1+random.IntN(20))
	for i := range added {
		added[i].Measurement = measurements[random.IntN(len(measurements))]
		added[i].Probe = atlas.ProbeID(1 + random.IntN(3))
		added[i].Time = time.Now().Add(-time.Duration(random.IntN(20)) * time.Millisecond)
		added[i].Position.Offset = int64(random.IntN(3) / 2) // is left out
	}
	r.grow(number, added...)
}

// grow has a partition grow by records of given measurements, probes and times.
func (r *river) grow(number int, added ...atlas.Record) {
	bank := r.banks[number]
	bank.mu.Lock()
	for i := range added {
		offset := bank.next + added[i].Position.Offset
		value := fmt.Sprintf(`{"msm_id":%d,"offset":%d}`, added[i].Measurement, offset)
		grown := record(r.source.stream, added[i].Measurement, added[i].Probe, value)
		grown.Time, grown.Position = added[i].Time, atlas.Position{Topic: "river", Partition: number, Offset: offset}
		added[i], bank.next = grown, offset+1
	}
	bank.records = append(bank.records, added...)
	r.source.Deliver(number, added)
	close(bank.advanced)
	bank.advanced = make(chan struct{})
	bank.mu.Unlock()
	r.source.Flush(number)
}

// same makes so many records of a measurement and probe, of now.
func same(count int, measurement atlas.MeasurementID, probe atlas.ProbeID) []atlas.Record {
	records := make([]atlas.Record, count)
	for i := range records {
		records[i].Measurement, records[i].Probe, records[i].Time = measurement, probe, time.Now()
	}
	return records
}

// noticed is what a subscriber's context takes note in of where a subscription began.
type noticed struct {
	from, next int64
	since      time.Time
}

type noticedKey struct{}

// take gives where to take note, for those who do not care as well.
func take(ctx context.Context) *noticed {
	if there, cares := ctx.Value(noticedKey{}).(*noticed); cares {
		return there
	}
	return &noticed{}
}

func (r *river) Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(int, int64)) (func(), error) {
	number, bank := r.bankOf(measurement)
	bank.mu.Lock()
	defer bank.mu.Unlock()
	r.followed.Add(1)
	take(ctx).next = bank.next
	attach(number, bank.next)
	return func() {}, nil
}

func (r *river) Topic() string { return "river" }

func (r *river) Resume(ctx context.Context, wanted *subscription.Subscription, from cursor.Token) (Tail, int64, error) {
	r.resumed.Add(1)
	if r.gone != nil {
		return nil, 0, r.gone
	}
	for _, saved := range from.Subscriptions {
		if saved.Measurement == wanted.Measurement {
			take(ctx).from = saved.Live.Offset + 1
			r.kept.Add(1)
			return &riverTail{r, wanted.Measurement, ctx}, saved.Live.Offset + 1, nil
		}
	}
	return nil, 0, protocol.Refuse("bad_cursor", "measurement %d is not in it", wanted.Measurement)
}

// riverTail is the feed of a bank for a subscription that resumes.
type riverTail struct {
	*river
	measurement atlas.MeasurementID
	ctx         context.Context
}

func (t *riverTail) Attach(attach func(int, int64)) {
	number, bank := t.bankOf(t.measurement)
	bank.mu.Lock()
	defer bank.mu.Unlock()
	take(t.ctx).next = bank.next
	attach(number, bank.next)
}

func (t *riverTail) Release() { t.kept.Add(-1) }

func (r *river) Since(ctx context.Context, measurement atlas.MeasurementID, at time.Time) (int64, error) {
	_, bank := r.bankOf(measurement)
	bank.mu.Lock()
	defer bank.mu.Unlock()
	take(ctx).since = at
	for i := range bank.records {
		if bank.records[i].Time.UnixMilli() >= at.UnixMilli() { // which is how exactly Kafka knows times
			return bank.records[i].Position.Offset, nil
		}
	}
	return bank.next, nil
}

func (r *river) Rejoin(ctx context.Context, number int, offset int64, missed func([]atlas.Record)) (bool, error) {
	bank := r.banks[number]
	for {
		bank.mu.Lock()
		if offset <= bank.next {
			break
		}
		advanced := bank.advanced
		bank.mu.Unlock()
		select {
		case <-advanced:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	defer bank.mu.Unlock()
	held := bank.records[max(0, len(bank.records)-r.held):]
	if len(bank.records) > r.held && offset < held[0].Position.Offset {
		return false, nil
	}
	missed(from(held, offset))
	return true, nil
}

// from gives the records from an offset on.
func from(records []atlas.Record, offset int64) []atlas.Record {
	at, _ := slices.BinarySearchFunc(records, offset, func(r atlas.Record, offset int64) int { return int(r.Position.Offset - offset) })
	return records[at:]
}

func (r *river) Open(
	_ context.Context, number int, measurements []atlas.MeasurementID, offset, to int64, _ func(context.Context, int64, int64) error,
) (catchup.LogReader, error) {
	bank := r.banks[number]
	bank.mu.Lock()
	defer bank.mu.Unlock()
	if offset < bank.lost {
		return nil, &catchup.LostError{From: offset, To: bank.lost}
	}
	reader := &riverReader{end: min(bank.next, to)}
	for _, record := range from(bank.records, offset) {
		if record.Position.Offset < reader.end && slices.Contains(measurements, record.Measurement) {
			reader.records = append(reader.records, record)
		}
	}
	return reader, nil
}

// riverReader reads what is there when it is opened.
type riverReader struct {
	records []atlas.Record
	end     int64
}

func (r *riverReader) Next(ctx context.Context) (record *atlas.Record, err error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if len(r.records) == 0 {
		return nil, io.EOF
	}
	record, r.records = &r.records[0], r.records[1:]
	return record, nil
}

func (r *riverReader) Position() int64 {
	if len(r.records) > 0 {
		return r.records[0].Position.Offset
	}
	return r.end
}

func (*riverReader) Ready() bool { return true }
func (*riverReader) Close()      {}

// plainCursors are cursors that a test can read: tokens as JSON.
type plainCursors struct{}

// emptyCursor is one of an empty token.
const emptyCursor = "e30"

func (plainCursors) AwaitKey(context.Context) error { return nil }

// Live gives the cursor behind a record.
func (plainCursors) Live(measurement atlas.MeasurementID, position atlas.Position) string {
	return plainCursors{}.Seal(cursor.At(cursor.Checkpoint{Measurement: measurement, Live: cursor.Live(position)}, time.Time{}))
}

// Seal leaves the time out of which tests would have to know.
func (plainCursors) Seal(token cursor.Token) string {
	token.Issued = time.Time{}
	text, err := json.Marshal(token)
	if err != nil {
		panic(err) // numbers and texts
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func (plainCursors) Open(text string) (token cursor.Token, err error) {
	err = json.Unmarshal(decoded(text), &token)
	return token, err
}

func decoded(cursor string) []byte {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		panic(err) // a test has made it
	}
	return text
}

// offsetsIn reads the offsets of an atlas_result's payload, and whose they are.
func offsetsIn(payload string) (measurement atlas.MeasurementID, offsets []int64) {
	for part := range strings.SplitSeq(strings.Trim(payload, "[]"), "},") {
		_, number, _ := strings.Cut(part, `"offset":`)
		offset, err := strconv.ParseInt(strings.TrimRight(number, "}"), 10, 64)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", payload, err)) // the river has written it
		}
		offsets = append(offsets, offset)
		_, id, _ := strings.Cut(part, `"msm_id":`)
		id, _, _ = strings.Cut(id, ",")
		whose, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			panic(err)
		}
		measurement = atlas.MeasurementID(whose)
	}
	return measurement, offsets
}
