package capacity

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

// A gateway reads a partition for its clients, with all other results that are in it.
func TestWork(t *testing.T) {
	load := NewLoad(50, 100, 1, []Measurement{{Number: 1, Share: 0.1, Clients: 20}, {Number: 2, Share: 0.9}})
	if got, want := WorkOf(load, 1), (Work{Running: 1, Followed: 1, Fetches: 50, Records: 50, Matched: 5, Wakes: 50, Writes: 100, Results: 100}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	load.Results = 1000 // ten in a burst
	got := WorkOf(load, 1)
	if got.Fetches != 100 || got.Records != 1000 || got.Results != 2000 {
		t.Errorf("got %+v, want 100 fetches of 1000 records and 2000 results", got)
	}
	if want := 20 * 100 * (1 - math.Pow(0.9, 10)); math.Abs(got.Writes-want) > 1e-6 {
		t.Errorf("got %g writes, want %g: what comes together is written together", got.Writes, want)
	}
}

// Gateways share deliveries, and each reads the partitions that any of its clients wants.
func TestWorkOfSeveralGateways(t *testing.T) {
	load := NewLoad(100, 100, 64, []Measurement{{Number: 1, Share: 0.5, Clients: 1000}, {Number: 2, Share: 0.5, Clients: 1}})
	one, each := WorkOf(load, 1), WorkOf(load, 4)
	if one.Followed != 2 || one.Records != 100 {
		t.Errorf("got %+v, want both partitions read", one)
	}
	if want := 1.25; math.Abs(each.Followed-want) > 1e-9 || math.Abs(each.Records-50*want) > 1e-9 {
		t.Errorf("got %g partitions and %g records, want %g and %g: one gateway of four has the only client of measurement 2", each.Followed, each.Records, want, 50*want)
	}
	if math.Abs(4*each.Results-one.Results) > 1e-6 {
		t.Errorf("got %g deliveries by four gateways, want the %g of one", 4*each.Results, one.Results)
	}
}

// Fewer clients than measurements: a gateway reads and matches no more than there are clients for.
func TestWorkForFewClients(t *testing.T) {
	load := NewLoad(1000, 1000, 64, []Measurement{{Number: 1, Share: 0.5, Clients: 0.25}, {Number: 2, Share: 0.5, Clients: 0}})
	for _, gateways := range []int{1, 5} {
		got, want := WorkOf(load, gateways), 0.25/float64(gateways)
		if math.Abs(got.Followed-want) > 1e-9 || math.Abs(got.Matched-500*want) > 1e-6 || math.Abs(got.Records-500*want) > 1e-6 {
			t.Errorf("%d gateways: got %+v, want %g partitions", gateways, got, want)
		}
	}
}

// The partition of a measurement is that of Kafka's own clients, whose murmur2("21") is -973932308 (UtilsTest of kafka-clients): without its sign, 44 modulo 64.
func TestPartition(t *testing.T) {
	load := NewLoad(1, 1, 64, []Measurement{{Number: 21, Share: 1, Clients: 3}})
	if got := load.partitions[44]; got != (partition{share: 1, clients: 3}) || load.Busiest() != 1 {
		t.Errorf("got %+v, want all of it in partition 44", load.partitions)
	}
}

// Costs are found again from what they make of work, and none is negative.
func TestFit(t *testing.T) {
	want := Costs{Running: 5000, Followed: 200, Fetch: 80, Record: 10, Match: 0, Write: 12, Result: 1, Client: 9000}
	var runs []Run
	for _, work := range []Work{
		{Running: 1, Followed: 1}, {Running: 1, Followed: 64}, {Running: 1, Followed: 64, Fetches: 2000, Records: 2000},
		{Running: 1, Followed: 64, Fetches: 640, Records: 10_000}, {Running: 1, Followed: 1, Fetches: 40, Records: 40, Matched: 40, Writes: 40_000, Results: 40_000},
		{Running: 1, Followed: 1, Fetches: 100, Records: 1000, Matched: 1000, Writes: 5000, Results: 50_000},
		{Running: 1, Followed: 64, Fetches: 2000, Records: 2000, Matched: 2000, Writes: 2000, Results: 2000},
	} {
		runs = append(runs, Run{Work: work, Processors: want.Processors(work)})
	}
	got := Costs{Client: 9000}
	got.FitProcessorTimes(runs)
	for i, time := range got.processorTimes() {
		if want := *want.processorTimes()[i]; *time < 0 || math.Abs(*time-want) > 0.01*want+0.01 {
			t.Errorf("time %d: got %g µs, want %g", i, *time, want)
		}
	}
	if got.Client != 9000 {
		t.Errorf("got %g bytes for a client, want what was there", got.Client)
	}
}

func TestSharesUpTo(t *testing.T) {
	for _, greatest := range []float64{0.00002, 0.0145, 0.5, 0.999} {
		shares, err := SharesUpTo(greatest, 50_000)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for n, share := range shares {
			sum += share
			if n > 0 && share > shares[n-1] {
				t.Fatalf("got a share of %g after one of %g", share, shares[n-1])
			}
		}
		if math.Abs(shares[0]-greatest) > 0.001*greatest || math.Abs(sum-1) > 1e-9 {
			t.Errorf("got shares from %g on that add up to %g, want %g and 1", shares[0], sum, greatest)
		}
	}
	for _, greatest := range []float64{0, 0.00001, 1.5, math.NaN()} {
		if shares, err := SharesUpTo(greatest, 50_000); err == nil {
			t.Errorf("%g: got shares from %g on, want an error", greatest, shares[0])
		}
	}
}

// Costs are kept as they are.
func TestSaveAndRead(t *testing.T) {
	want, err := Measured()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "costs.json")
	if err := want.Save(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got, err := Read(file); err != nil || got != want || got.Write == 0 || got.Stored == 0 {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}
