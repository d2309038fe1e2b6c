package eventlog

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/compress"
	"github.com/segmentio/kafka-go/protocol"
)

const (
	attributesAt = 21
	lastAt       = 23
	producerAt   = 43
	countAt      = 57
)

// readRecord is what a record was read as.
type readRecord struct {
	offset, at         int64
	key, value, header string
	keyless, valueless bool
}

func readAllOf(records kafka.RecordReader) (all []readRecord, err error) {
	err = eachRecord(records, func(record *kafka.Record) error {
		read := readRecord{offset: record.Offset, at: record.Time.UnixMilli(), keyless: record.Key == nil, valueless: record.Value == nil}
		key, keyErr := readBytes(nil, record.Key)
		value, valueErr := readBytes(nil, record.Value)
		read.key, read.value = string(key), string(value)
		for _, header := range slices.Backward(record.Headers) {
			if header.Key == headerKey {
				read.header = string(header.Value)
			}
		}
		all = append(all, read)
		return errors.Join(keyErr, valueErr)
	})
	return all, err
}

// readByKafkaGo reads batches as kafka-go does by itself.
func readByKafkaGo(raw []byte) ([]readRecord, error) {
	var set protocol.RecordSet
	if _, err := set.ReadFrom(bytes.NewReader(append(binary.BigEndian.AppendUint32(nil, uint32(len(raw))), raw...))); err != nil {
		return nil, err
	}
	if set.Records == nil {
		return nil, nil
	}
	return readAllOf(set.Records)
}

// readByUs reads all batches of a response.
func readByUs(raw []byte) ([]readRecord, error) {
	batches, err := splitBatches(raw)
	if err != nil {
		return nil, err
	}
	return readAllOf(committed(batches, nil))
}

// readShared reads all batches of a response as the second one of two readers that share them.
func readShared(t testing.TB, raw []byte) (all []readRecord, err error) {
	t.Helper()
	metrics, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	shared := newSharedBatches(maxSharedBytes, metrics.sharedBytes)
	shared.join(partition{}, uncounted())
	sharing := shared.join(partition{}, uncounted())
	for range 2 {
		batches, splitErr := splitBatches(raw)
		if splitErr != nil {
			return nil, splitErr
		}
		response := committed(batches, nil)
		sharing.offer(&kafka.FetchResponse{Records: response})
		all, err = readAllOf(response)
	}
	return all, err
}

// batchOf encodes records as brokers hold them.
func batchOf(t testing.TB, base int64, codec compress.Compression, records ...kafka.Record) []byte {
	t.Helper()
	var written bytes.Buffer
	set := protocol.RecordSet{Version: 2, Attributes: protocol.Attributes(codec), Records: kafka.NewRecordReader(records...)}
	if _, err := set.WriteTo(&written); err != nil {
		t.Fatal(err)
	}
	raw := written.Bytes()[4:]
	binary.BigEndian.PutUint64(raw, uint64(base))
	return raw
}

// writtenBatch has records at those offsets, each with its offset and 1 as its key and its time, and {} as its value. Its header covers the offsets from
// base to before next.
func writtenBatch(base, behind int64, offsets ...int64) []byte {
	raw := make([]byte, batchHeader)
	binary.BigEndian.PutUint64(raw, uint64(base))
	raw[formatAt] = batchFormat
	binary.BigEndian.PutUint32(raw[lastAt:], uint32(behind-base-1))
	binary.BigEndian.PutUint64(raw[producerAt:], math.MaxUint64) // none
	binary.BigEndian.PutUint32(raw[countAt:], uint32(len(offsets)))
	for _, offset := range offsets {
		record := binary.AppendVarint([]byte{0}, offset+1)
		record = binary.AppendVarint(record, offset-base)
		for _, field := range []string{strconv.FormatInt(offset+1, 10), "{}"} {
			record = append(binary.AppendVarint(record, int64(len(field))), field...)
		}
		raw = binary.AppendVarint(raw, int64(len(record)+1))
		raw = append(append(raw, record...), 0) // no headers
	}
	return sign(raw)
}

func offsetsFrom(first, count int64) (offsets []int64) {
	for offset := first; offset < first+count; offset++ {
		offsets = append(offsets, offset)
	}
	return offsets
}

func randomRecords(random *rand.Rand) []kafka.Record {
	records := make([]kafka.Record, 1+random.IntN(40))
	for i := range records {
		record := kafka.Record{Time: time.UnixMilli(1426633200000 + random.Int64N(1e6))}
		if random.IntN(4) > 0 {
			record.Key = kafka.NewBytes([]byte(strings.Repeat("k", random.IntN(20))))
		}
		if random.IntN(10) > 0 {
			record.Value = kafka.NewBytes([]byte(strings.Repeat("value ", random.IntN(30_000)/(1+random.IntN(1000)))))
		}
		for range random.IntN(3) {
			record.Headers = append(record.Headers, kafka.Header{Key: []string{headerKey, "other"}[random.IntN(2)], Value: []byte(strings.Repeat("h", random.IntN(100)))})
		}
		records[i] = record
	}
	return records
}

// Whatever producers write is read as kafka-go reads it.
func TestBatchesAreReadAsByKafkaGo(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var response []byte
	for round := range 200 {
		response = append(response, batchOf(t, int64(1000*round), compress.Compression(round%5), randomRecords(random)...)...)
	}
	want, err := readByKafkaGo(response)
	if err != nil {
		t.Fatal(err)
	}
	cutOff := batchOf(t, 1e6, compress.None, randomRecords(random)...)
	for _, left := range []int{0, 1, 16, 17, batchHeader, len(cutOff) - 1} {
		got, err := readByUs(append(slices.Clip(response), cutOff[:left]...))
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("with %d bytes more: got %d records, want %d; %v", left, len(got), len(want), err)
		}
		if shared, err := readShared(t, append(slices.Clip(response), cutOff[:left]...)); err != nil || !slices.Equal(shared, want) {
			t.Fatalf("with %d bytes more: got %d records that are shared, want %d; %v", left, len(shared), len(want), err)
		}
	}
}

func TestDamagedBatches(t *testing.T) {
	intact := batchOf(t, 7, compress.Zstd, kafka.Record{Value: kafka.NewBytes([]byte("intact"))})
	for name, test := range map[string]struct {
		damage func(raw []byte) []byte
		want   string
	}{
		"a bit":           {func(raw []byte) []byte { raw[len(raw)-1] ^= 1; return raw }, "the batch at offset 9: its checksum does not match"},
		"an old format":   {func(raw []byte) []byte { raw[formatAt] = 1; return raw }, "a batch of 73 bytes in format 1, want at least 61 in format 2"},
		"a short length":  {func(raw []byte) []byte { raw[batchLengthAt+3] = 10; return raw }, "a batch of 22 bytes in format 2, want at least 61 in format 2"},
		"a codec":         {func(raw []byte) []byte { raw[attributesAt+1] |= 7; return sign(raw) }, "the batch at offset 9: it is compressed with the unknown codec 7"},
		"what is packed":  {func(raw []byte) []byte { raw[attributesAt+1] |= 4; return sign(raw) }, "the batch at offset 9: decompressing it: "},
		"nothing packed":  {func(raw []byte) []byte { raw[attributesAt+1] |= 1; return sign(raw[:batchHeader]) }, "the batch at offset 9: decompressing it: unexpected EOF"},
		"a record":        {func(raw []byte) []byte { raw[batchHeader] += 2; return sign(raw) }, "the batch at offset 9: a record does not fit its length"},
		"a longer record": {func(raw []byte) []byte { raw[batchHeader] += 2; return sign(append(raw, 0)) }, "the batch at offset 9: a record does not fit its length"},
		"a record's end":  {func(raw []byte) []byte { return sign(raw[:len(raw)-1]) }, "the batch at offset 9: a record does not fit its length"},
	} {
		t.Run(name, func(t *testing.T) {
			raw := test.damage(batchOf(t, 9, compress.None, kafka.Record{Value: kafka.NewBytes([]byte("value"))}))
			if got, err := readByUs(raw); len(got) > 0 || err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, %v; want the error %s", got, err, test.want)
			}
			if strings.HasPrefix(test.want, "a batch") { // it is met again
				return
			}
			if got, err := readByUs(append(slices.Clone(intact), raw...)); len(got) != 1 || err == nil {
				t.Errorf("after an intact batch: got %v, %v; want that and an error", got, err)
			}
		})
	}
}

// A record whose offset is not in its batch, or not after that of the record before it, is not returned: readers would skip others, or read forever.
func TestRecordsOutsideTheirBatch(t *testing.T) {
	for name, offsets := range map[string][]int64{"before": {4}, "behind": {5, 8}, "far behind": {1 << 40}, "twice": {5, 5}, "falling": {6, 5}} {
		records, err := readAllOf(committed([]*fetchedBatch{newBatch(writtenBatch(5, 8, offsets...))}, nil))
		if err == nil || !strings.HasPrefix(err.Error(), "the batch at offset 5: a record has offset ") || len(records) != len(offsets)-1 {
			t.Errorf("%s: got %v, %v", name, records, err)
		}
	}
}

// A response that has only the beginning of a batch is not an empty one: the reader must fetch more.
func TestCutOffResponses(t *testing.T) {
	raw := batchOf(t, 9, compress.None, kafka.Record{Value: kafka.NewBytes([]byte("value"))})
	for got, length := range map[int]int64{1: 0, 15: 0, 16: 73, batchHeader: 73, 72: 73} {
		_, err := splitBatches(raw[:got])
		if cutOff, ok := errors.AsType[*cutOffError](err); !ok || *cutOff != (cutOffError{got: got, length: length}) {
			t.Errorf("of %d bytes: got %v", got, err)
		}
	}
	if batches, err := splitBatches(nil); err != nil || len(batches) > 0 {
		t.Errorf("of nothing: got %v, %v", batches, err)
	}
}

// fakeTruncatingBroker is an old broker, which sends no more than was requested.
type fakeTruncatingBroker struct {
	broker
	log       []byte
	requested []int64
}

func (c *fakeTruncatingBroker) Fetch(_ context.Context, request *kafka.FetchRequest) (*kafka.FetchResponse, error) {
	c.requested = append(c.requested, request.MaxBytes)
	partition := fetchedPartition{lastStableOffset: 5, batches: c.log[:min(request.MaxBytes, int64(len(c.log)))]}
	return partition.response(0)
}

// A batch that is longer than requested is fetched as a whole.
func TestLongBatchesAreFetchedAgain(t *testing.T) {
	long := batchOf(t, 4, compress.None, kafka.Record{Value: kafka.NewBytes(make([]byte, 20_000))})
	broker := &fakeTruncatingBroker{log: append(slices.Clone(long), long...)}
	fetcher := fetcher{partition: partition{broker: broker}, next: 4, maxBytes: minResponse}
	defer fetcher.close()
	if _, err := fetcher.fetch(t.Context()); err == nil {
		t.Fatal("got a response without a whole batch and no error")
	}
	response, err := fetcher.fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if read, err := readAllOf(response.Records); err != nil || len(read) != 1 {
		t.Fatalf("got %d records, %v", len(read), err)
	}
	_, _ = fetcher.fetch(t.Context())
	if want := []int64{minResponse, int64(len(long)), minResponse}; !slices.Equal(broker.requested, want) {
		t.Errorf("requested %v bytes, want %v", broker.requested, want)
	}
}

// sign returns a batch the length and the checksum that it has to have.
func sign(raw []byte) []byte {
	binary.BigEndian.PutUint32(raw[batchLengthAt:], uint32(len(raw)-batchLengthAt-4))
	binary.BigEndian.PutUint32(raw[checksumAt:], crc32.Checksum(raw[attributesAt:], batchChecksums))
	return raw
}

// FuzzBatch makes batches as producers may write them. A batch that is read to its end is read by kafka-go as well, and any is read as well where it is shared.
func FuzzBatch(f *testing.F) {
	for codec := range compress.Compression(5) {
		raw := batchOf(f, 3, codec, randomRecords(rand.New(rand.NewPCG(1, uint64(codec))))[:1]...)
		f.Add(raw[attributesAt:batchHeader], raw[batchHeader:])
	}
	f.Fuzz(func(t *testing.T, fields, records []byte) {
		const maxRecords, controlBit = 1 << 10, 1 << 5
		raw := append(make([]byte, batchHeader), records...)
		raw[formatAt] = batchFormat
		copy(raw[attributesAt:batchHeader], fields)
		raw[attributesAt+1] &^= controlBit
		copy(raw[countAt:], []byte{0, 0, raw[countAt+2] % (maxRecords >> 8), raw[countAt+3] | 1}) // at least one, which has it unpacked
		got, err := readByUs(sign(raw))
		if shared, sharedErr := readShared(t, raw); !slices.Equal(shared, got) || (sharedErr == nil) != (err == nil) {
			t.Fatalf("got %v, %v where they are shared, want %v, %v", shared, sharedErr, got, err)
		}
		if err != nil { // kafka-go would make memory for whatever length is claimed
			return
		}
		want, err := readByKafkaGo(raw)
		if errors.Is(err, zstd.ErrCRCMismatch) { // of what a producer has packed, and signed as it is
			return
		}
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v (%v)", got, want, err)
		}
	})
}

// FuzzBatches splits arbitrary responses.
func FuzzBatches(f *testing.F) {
	f.Add(append(batchOf(f, 3, compress.Gzip, kafka.Record{}), batchOf(f, 4, compress.None, kafka.Record{})...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		batches, err := splitBatches(raw)
		if err != nil && len(batches) > 0 {
			t.Fatalf("got %d batches and an error: %v", len(batches), err)
		}
		for _, batch := range batches {
			_, _ = readAllOf(batch)
		}
	})
}
