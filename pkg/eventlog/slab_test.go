package eventlog

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"atlasstream/pkg/atlas"
)

// One of many records is kept forever.
func TestKeptRecordsKeepLittleMemory(t *testing.T) {
	const kept, oneIn, size = 200, 100, 1000
	dice := rand.New(rand.NewPCG(1, 1))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var slab recordSlab
	var records []*atlas.Record
	for number := range kept * oneIn {
		record := slab.allocate(size/2 + dice.IntN(size))
		if number%oneIn == 0 {
			records = append(records, record)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	const most = slabBytes + slabRecords*160
	if each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / kept; each > most {
		t.Errorf("%d bytes are held for each, want at most %d", each, most)
	}
	runtime.KeepAlive(records)
}

func TestValuesOfASlabAreSeparate(t *testing.T) {
	dice := rand.New(rand.NewPCG(2, 2))
	var slab recordSlab
	var records []*atlas.Record
	for number := range 1000 {
		length := 1 + dice.IntN(200)
		if number%10 == 0 {
			length = dice.IntN(2 * slabBytes)
		}
		record := slab.allocate(length)
		if len(record.Value) != length || cap(record.Value) != length {
			t.Fatalf("got a value of %d bytes with room for %d, want %d", len(record.Value), cap(record.Value), length)
		}
		for i := range record.Value {
			record.Value[i] = byte(number)
		}
		records = append(records, record)
	}
	for number, record := range records {
		for _, written := range record.Value {
			if written != byte(number) {
				t.Fatalf("record %d was written over by %d", number, written)
			}
		}
	}
}
