package fanout

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// river is a log of some partitions that grows, its feed, which holds the last few records, and its trail.
type river struct {
	source *Source
	held   int // records that the feed holds of a partition
	banks  []*bank
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
	bank := r.banks[number]
	bank.mu.Lock()
	first := len(bank.records)
	for range 1 + random.IntN(20) {
		measurement := measurements[random.IntN(len(measurements))]
		bank.next += int64(random.IntN(3) / 2)
		value := fmt.Sprintf(`{"msm_id":%d,"offset":%d}`, measurement, bank.next)
		added := record(atlas.StreamResult, measurement, atlas.ProbeID(1+random.IntN(3)), value)
		added.Position = atlas.Position{Topic: "river", Partition: number, Offset: bank.next}
		added.Time = time.Now().Add(-time.Duration(random.IntN(20)) * time.Millisecond)
		bank.records = append(bank.records, added)
		bank.next++
	}
	r.source.Deliver(number, bank.records[first:])
	close(bank.advanced)
	bank.advanced = make(chan struct{})
	bank.mu.Unlock()
	r.source.Flush(number)
}

// noticed is what a subscriber's context takes note in of where a subscription began.
type noticed struct {
	from, next int64
	since      time.Time
}

type noticedKey struct{}

func notice(ctx context.Context) *noticed { return ctx.Value(noticedKey{}).(*noticed) }

func (r *river) Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(int, int64)) (func(), error) {
	number, bank := r.bankOf(measurement)
	bank.mu.Lock()
	defer bank.mu.Unlock()
	if noticed, ok := ctx.Value(noticedKey{}).(*noticed); ok {
		noticed.next = bank.next
	}
	attach(number, bank.next)
	return func() {}, nil
}

func (r *river) Topic() string { return "river" }

func (r *river) Resume(ctx context.Context, wanted *subscription.Subscription) (int64, error) {
	var standings []Standing
	if err := json.Unmarshal(decoded(wanted.Cursor.After), &standings); err != nil {
		return 0, err
	}
	for _, standing := range standings {
		if standing.Measurement == wanted.Measurement {
			notice(ctx).from = standing.Position.Offset + 1
			return standing.Position.Offset + 1, nil
		}
	}
	return 0, subscription.Refuse("bad_cursor", "measurement %d is not in it", wanted.Measurement)
}

func (r *river) Since(ctx context.Context, measurement atlas.MeasurementID, at time.Time) (int64, error) {
	_, bank := r.bankOf(measurement)
	bank.mu.Lock()
	defer bank.mu.Unlock()
	notice(ctx).since = at
	for i := range bank.records {
		if !bank.records[i].Time.Before(at) {
			return bank.records[i].Position.Offset, nil
		}
	}
	return bank.next, nil
}

func (r *river) Rejoin(ctx context.Context, number int, offset int64, take func([]atlas.Record)) (bool, error) {
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
	take(from(held, offset))
	return true, nil
}

// from gives the records from an offset on.
func from(records []atlas.Record, offset int64) []atlas.Record {
	at, _ := slices.BinarySearchFunc(records, offset, func(r atlas.Record, offset int64) int { return int(r.Position.Offset - offset) })
	return records[at:]
}

func (r *river) Read(ctx context.Context, number int, measurements []atlas.MeasurementID, offset int64, sink Sink) (int64, error) {
	bank := r.banks[number]
	bank.mu.Lock()
	records, end, lost := bank.records, bank.next, bank.lost
	bank.mu.Unlock()
	if offset < lost {
		return 0, &LostError{From: offset, To: lost}
	}
	for _, record := range from(records, offset) {
		if !slices.Contains(measurements, record.Measurement) {
			continue
		}
		if _, err := sink.Room(ctx); err != nil {
			return 0, err
		}
		if err := sink.Deliver(ctx, &record, nil); err != nil {
			return 0, err
		}
	}
	return end, ctx.Err()
}

// plainCursors are cursors that a test can read: standings as JSON.
type plainCursors struct{}

func (plainCursors) Prepare(context.Context) error { return nil }

func (plainCursors) Live(measurement atlas.MeasurementID, position atlas.Position) string {
	return plainCursors{}.ForAll([]Standing{{Measurement: measurement, Position: position}})
}

func (plainCursors) ForAll(standings []Standing) string {
	text, err := json.Marshal(standings)
	if err != nil {
		panic(err) // numbers and texts
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func (plainCursors) Parameters(cursor string) (parameters [][]byte, err error) {
	var standings []Standing
	if err := json.Unmarshal(decoded(cursor), &standings); err != nil {
		return nil, err
	}
	for _, standing := range standings {
		parameters = append(parameters, standing.Parameters)
	}
	return parameters, nil
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
