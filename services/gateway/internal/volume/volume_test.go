package volume

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

var start = time.Unix(1426633200, 0)

func after(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

// Whatever the order of records and wherever the interval begins, what can be counted is.
func TestExactVolumeIsThatOfAnOracle(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		log := newLog(1000)
		for i := range random.IntN(2000) {
			at := after(float64(i) * 5)
			switch random.IntN(10) {
			case 0:
				at = at.Add(-time.Duration(random.Int64N(int64(lateness - 10*time.Minute)))) // late, but not so late that fast clocks matter
			case 1:
				at = at.Add(time.Duration(random.Int64N(int64(10 * time.Minute)))) // of a fast clock
			}
			log.add(live, fakeRecord{atlas.MeasurementID(1 + random.IntN(3)), at.Truncate(time.Millisecond)})
		}
		for range random.IntN(1000) {
			log.add([]string{"old", "older"}[random.IntN(2)], fakeRecord{atlas.MeasurementID(1 + random.IntN(3)), after(random.Float64() * 10_000).Truncate(time.Millisecond)})
		}
		from := after(random.Float64() * 11_000).Truncate(time.Millisecond)
		to := from.Add(time.Duration(random.Int64N(int64(3 * time.Hour)))).Truncate(time.Millisecond)
		volume := log.volume(t, 1, from, to, 1+random.IntN(MaxBuckets))
		if want := log.count(1, from, to, len(volume.Buckets)); !slices.Equal(volume.counts(), want) || volume.Quality != Exact {
			t.Fatalf("got  %v\nwant %v, %s", volume.counts(), want, volume.Quality)
		}
		for _, bucket := range volume.Buckets {
			if bucket.Low != bucket.Count || bucket.High != bucket.Count || bucket.Count > 0 && !bucket.Known {
				t.Fatalf("got %+v", bucket)
			}
		}
	}
}

func TestIntervalsThatAreShort(t *testing.T) {
	log := newLog(1000)
	log.add(live, fakeRecord{1, start}, fakeRecord{1, start.Add(time.Millisecond)}, fakeRecord{1, start.Add(2 * time.Millisecond)})
	for _, test := range []struct {
		milliseconds int64
		want         []float64
	}{{0, []float64{1}}, {1, []float64{2}}, {2, []float64{1, 2}}, {3, []float64{1, 1, 1}}} {
		volume := log.volume(t, 1, start, start.Add(time.Duration(test.milliseconds)*time.Millisecond), 120)
		if !slices.Equal(volume.counts(), test.want) {
			t.Errorf("%d ms: got %v, want %v", test.milliseconds, volume.counts(), test.want)
		}
	}
}

// Where the log has nothing, it does not say that there was nothing: before its beginning, and between an archive and the live records.
func TestWhereTheLogHasNothing(t *testing.T) {
	log := newLog(1000)
	log.add("old", fakeRecord{1, after(1000)}, fakeRecord{2, after(1900)}, fakeRecord{1, after(1500)})
	log.add(live, fakeRecord{2, after(5000)}, fakeRecord{1, after(5200)})
	volume := log.volume(t, 1, after(0), after(7000), 7)
	if want := []bool{false, true, false, false, false, true, true}; !slices.Equal(volume.known(), want) {
		t.Errorf("got %v, want %v", volume.known(), want)
	}
	if !slices.Equal(volume.counts(), []float64{0, 2, 0, 0, 0, 1, 0}) || !volume.From.Equal(after(1000)) || !volume.To.Equal(after(5200)) || volume.Step != 1000*time.Second {
		t.Errorf("got %+v", volume)
	}
	if volume := log.volume(t, 1, after(1600), after(2000), 2); !slices.Equal(volume.known(), []bool{true, true}) || volume.Buckets[0].Count != 0 {
		t.Errorf("within an archive, got %+v", volume)
	}
	if volume := newLog(1000).volume(t, 1, start, after(10), 2); !slices.Equal(volume.known(), []bool{false, false}) || !volume.From.IsZero() {
		t.Errorf("of an empty log, got %+v", volume)
	}
}

// many adds records of other measurements, so many a second.
func (l *fakeLog) many(name string, from, to float64, perSecond int) {
	for i := range int((to - from) * float64(perSecond)) {
		l.add(name, fakeRecord{atlas.MeasurementID(1_000_000 + i%5000), after(from + float64(i)/float64(perSecond))})
	}
}

// Archives that are too long are left out and named, the longest first, and shorter ones leave room for what is live.
func TestLongArchivesAreOmitted(t *testing.T) {
	names := func(volume *Volume) (names []string) {
		for _, part := range volume.Omitted {
			names = append(names, part.Topic)
		}
		return names
	}
	log := newLog(10)
	log.add("short", fakeRecord{1, start})
	log.many("medium", 0, 90_000, 1)
	log.many("long", 0, 150_000, 1)
	if volume := log.volume(t, 1, start, after(1000), 10); volume.Quality != Exact || !slices.Equal(names(volume), []string{"long"}) || volume.Buckets[0].Count != 1 {
		t.Errorf("got %s without %v", volume.Quality, names(volume))
	}
	log.many(live, 200_000, 203_000, 50)
	if volume := log.volume(t, 1, start, after(203_000), 10); volume.Quality != Sampled || !slices.Equal(names(volume), []string{"long"}) || volume.Buckets[0].Count != 1 {
		t.Errorf("got %s without %v", volume.Quality, names(volume))
	}
	heavy := newLog(2000)
	heavy.many("medium", 0, 90_000, 1)
	if volume := heavy.volume(t, 1, start, after(1000), 10); !slices.Equal(names(volume), []string{"medium"}) || volume.Read.Records > lengthSample {
		t.Errorf("heavy: got %s without %v, read %+v", volume.Quality, names(volume), volume.Read)
	}
}

// Where even a sample is too much, the volume is that of the partition, and says so.
func TestVolumeOfAPartition(t *testing.T) {
	log := newLog(900_000) // of which 74 may be read
	log.add("old", fakeRecord{1, after(10)})
	log.many(live, 1000, 2000, 3)
	volume := log.volume(t, 1, start, after(2000), 4)
	if volume.Quality != Partition || len(volume.Omitted) != 1 || !volume.From.Equal(after(1000)) {
		t.Fatalf("got %+v", volume)
	}
	if want := log.count(0, start, after(2000), 4); !slices.Equal(volume.counts()[2:], want[2:]) || !slices.Equal(volume.known(), []bool{false, false, true, true}) {
		t.Errorf("got %v, %v, want %v", volume.counts(), volume.known(), want)
	}
}

// Where the time is over in the middle of a sample, the volume is that of the partition, as that is known.
func TestSampleThatTakesTooLong(t *testing.T) {
	log := newLog(4000)
	zipf(log, 30, 12, 2)
	log.timeFor = 50
	volume := log.volume(t, 1, start, after(12*3600), 24)
	if want := log.count(0, start, after(12*3600), 24); volume.Quality != Partition || !slices.Equal(volume.counts(), want) {
		t.Errorf("got %s, %v, want %v", volume.Quality, volume.counts(), want)
	}
}

// zipf adds records of many measurements, of which the first has the most, in any order.
func zipf(log *fakeLog, measurements, hours, perSecond int) {
	random := rand.New(rand.NewPCG(3, 4))
	ranks := rand.NewZipf(random, 1.1, 1, uint64(measurements-1))
	for i := range hours * 3600 * perSecond {
		log.add(live, fakeRecord{atlas.MeasurementID(ranks.Uint64() + 1), after(float64(i) / float64(perSecond))})
	}
}

// covered tells of which share of buckets an interval has what the oracle counts, how wide intervals are on average, and by how much the sum is wrong.
func covered(t *testing.T, log *fakeLog, measurement atlas.MeasurementID, to time.Time, buckets int) (share, width, sum float64) {
	t.Helper()
	volume := log.volume(t, measurement, start, to, buckets)
	if volume.Quality != Sampled {
		t.Fatalf("the volume is %s", volume.Quality)
	}
	estimated, all := 0.0, 0.0
	for i, want := range log.count(measurement, start, to, buckets) {
		bucket := volume.Buckets[i]
		if bucket.Low > bucket.Count || bucket.Count > bucket.High || bucket.Low < 0 {
			t.Errorf("got %+v", bucket)
		}
		if bucket.Low <= want && want <= bucket.High {
			share += 1 / float64(buckets)
		}
		width += (bucket.High - bucket.Low) / float64(buckets)
		estimated, all = estimated+bucket.Count, all+want
	}
	return share, width * float64(buckets) / all, estimated/all - 1
}

// Kafka sends whole batches, so that a sample of few records reads many. It is planned by that, and what was read is not thrown away.
func TestSampleOfBatches(t *testing.T) {
	log := newLog(400)
	zipf(log, 3000, 24, 20)
	for _, batch := range []int64{100, 300} {
		log.batch = batch
		for _, buckets := range []int{24, 120, MaxBuckets} {
			share, width, sum := covered(t, log, 1, after(24*3600), buckets)
			t.Logf("batches of %d in %d buckets: %.0f %% are covered, width %.2f, sum %+.1f %%", batch, buckets, 100*share, width, 100*sum)
			if share < 0.9 || width > 1.5 || sum < -0.05 || sum > 0.05 {
				t.Errorf("batches of %d in %d buckets: %.1f %% are covered, the width is %.2f and the sum is wrong by %.3f", batch, buckets, 100*share, width, sum)
			}
		}
	}
}

// Where batches are so long that too few chunks may be read to tell anything, none is; and where enough may be, the volume is that of the sample.
func TestNoSampleIsThrownAway(t *testing.T) {
	log := newLog(400)
	log.many(live, 0, 50_000, 20)
	sampled := 0
	for log.batch = 400; log.batch < 1000; log.batch += 20 {
		switch volume := log.volume(t, 1, start, after(50_000), MaxBuckets); {
		case volume.Quality == Sampled:
			sampled++
		case volume.Read.Records > endRecords*log.batch:
			t.Errorf("batches of %d: got %s, for which %+v was read", log.batch, volume.Quality, volume.Read)
		}
	}
	if sampled < 3 || sampled > 12 {
		t.Errorf("%d of 30 volumes are sampled", sampled)
	}
}

// Of measurements that have much and that have little, the interval has the truth in at least 90 % of buckets.
func TestSampledVolumeCoversTheTruth(t *testing.T) {
	log := newLog(4000)
	zipf(log, 3000, 12, 2)
	for _, buckets := range []int{24, 120, MaxBuckets} {
		measurements, all := []atlas.MeasurementID{1, 2, 3, 10, 30, 100, 300, 1000}, 0.0
		for _, measurement := range measurements {
			share, width, sum := covered(t, log, measurement, after(12*3600), buckets)
			t.Logf("measurement %d in %d buckets: %.0f %% are covered, width %.2f, sum %+.1f %%", measurement, buckets, 100*share, width, 100*sum)
			all += share / float64(len(measurements))
			if share < 0.9 && buckets > 100 { // of few buckets, chance leaves out some more
				t.Errorf("measurement %d in %d buckets: %.1f %% are covered", measurement, buckets, 100*share)
			}
			if measurement == 1 && (width > 1.5 || sum < -0.05 || sum > 0.05) {
				t.Errorf("in %d buckets, what has much is known by %.2f and its sum by %.3f", buckets, width, sum)
			}
		}
		if all < 0.95 {
			t.Errorf("in %d buckets, %.1f %% are covered, want the 95 %% that the interval is for", buckets, 100*all)
		}
	}
}

// The same of measurements whose results come all at once, with any period, also that of the buckets.
func TestSampledVolumeCoversPeriodicMeasurements(t *testing.T) {
	for _, test := range []struct {
		name           string
		period, within float64 // seconds
		probes         int
	}{
		{"spread over the period", 240, 240, 60},
		{"within a minute", 900, 60, 60},
		{"at once", 900, 2, 60},
		{"with the period of buckets", 720, 5, 200},
		{"seldom", 3600, 10, 500},
		{"seldom and many", 10_800, 120, 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(5, 6))
			log := newLog(4000)
			var records []fakeRecord
			for i := range 12 * 3600 * 2 {
				records = append(records, fakeRecord{atlas.MeasurementID(1000 + i%700), after(float64(i) / 2)})
			}
			for at := 0.0; at < 12*3600; at += test.period {
				for range test.probes {
					records = append(records, fakeRecord{1, after(at + random.Float64()*test.within)})
				}
			}
			slices.SortStableFunc(records, func(a, b fakeRecord) int { return a.at.Compare(b.at) })
			log.add(live, records...)
			for _, buckets := range []int{120, MaxBuckets} {
				share, width, sum := covered(t, log, 1, after(12*3600), buckets)
				t.Logf("in %d buckets, %.0f %% are covered, width %.2f, sum %+.1f %%", buckets, 100*share, width, 100*sum)
				if share < 0.9 {
					t.Errorf("in %d buckets, %.1f %% are covered", buckets, 100*share)
				}
			}
		})
	}
}

// One clock that is 10 min fast moves the beginning of a bucket by no more than that, and a record that is 30 min late counts in the bucket in which it came.
func TestEdgesMoveNoMoreThanClocks(t *testing.T) {
	log := newLog(900_000)
	const seconds, fast, late = 7200, 3000, 5000
	for i := range seconds {
		at := after(float64(i))
		switch i {
		case fast:
			at = at.Add(10 * time.Minute)
		case late:
			at = at.Add(-30 * time.Minute)
		}
		log.add(live, fakeRecord{1, at})
	}
	const buckets = 120
	volume := log.volume(t, 1, start, after(seconds), buckets)
	if volume.Quality != Partition {
		t.Fatalf("the volume is %s", volume.Quality)
	}
	edge, moved := 0.0, 0
	for i, bucket := range volume.Buckets {
		if right := float64(i * seconds / buckets); edge > right || edge < right-600 {
			t.Errorf("bucket %d begins %g s early", i, right-edge)
		} else if edge != right {
			moved++
		}
		edge += bucket.Count
	}
	if edge != seconds || moved == 0 || moved > 10 {
		t.Errorf("%g records were counted, and %d edges moved", edge, moved)
	}
}

// Who asks again for what is long past has no offsets looked up, but for what may still move.
func TestOffsetsAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		log := newLog(900_000)
		for i := range 3600 * 5 {
			log.add(live, fakeRecord{1, begin.Add(time.Duration(i) * time.Second)})
		}
		log.beforeLookUp = func() { time.Sleep(time.Second) }
		time.Sleep(5 * time.Hour)
		estimator := log.estimator()
		lookUps := func() int {
			log.lookUps = 0
			log.ask(t, estimator, 1, begin, begin.Add(5*time.Hour), 100)
			return log.lookUps
		}
		if first := lookUps(); first < 101 || first > 103 || log.most != lookUpsAtOnce {
			t.Errorf("%d offsets were looked up, %d at once", first, log.most)
		}
		if again := lookUps(); again < 20 || again > 23 { // a fifth of 100, the end, and that of lateness
			t.Errorf("%d offsets were looked up again, want those of the last hour", again)
		}
		time.Sleep(2 * time.Hour)
		if later := lookUps(); later < 20 {
			t.Errorf("%d offsets were looked up later", later)
		}
		if settled := lookUps(); settled > 2 {
			t.Errorf("%d offsets were looked up again though all is long past", settled)
		}
		log.topics[live].records = log.topics[live].records[:1000] // it was recreated
		log.topics[live].newest = log.topics[live].newest[:1000]
		if again := lookUps(); again < 100 {
			t.Errorf("%d offsets of another topic were looked up", again)
		}
	})
}

func TestRememberedOffsetsAreBounded(t *testing.T) {
	remembered := offsetCache{log: newLog(1)}
	for number := range 300 {
		times := make([]int64, MaxBuckets)
		for i := range times {
			times[i] = int64(i)
		}
		if _, err := remembered.lookUp(t.Context(), nil, topicrange.Partition{Topic: live, Number: number, Next: 1}, times); err != nil {
			t.Fatal(err)
		}
	}
	held := 0
	for _, partition := range remembered.partitions {
		held += len(partition.at)
	}
	if held != remembered.cached || held > maxCached+MaxBuckets || held < maxCached/2 {
		t.Errorf("%d offsets are remembered, and %d counted", held, remembered.cached)
	}
}

// A volume costs messages: for what is looked up and for what is read.
func TestAbuseVolumesCostMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog(1000)
		log.many(live, 0, 60_000, 5)
		for _, test := range []struct {
			name        string
			to          time.Time
			least, most float64
		}{
			{"counted", after(4000), 76 + 144, 76 + 150},         // 38,000 records of 1 kB, with those of the hour in which late ones come
			{"sampled", after(60_000), 16 + 192, 16 + 192 + 256}, // 121 offsets, 120 times 8 chunks, and 64 MiB
		} {
			messages := rate.NewLimiter(1e-9, 100_000)
			account := readlimit.NewAccount(messages, nil, readlimit.NewMetrics(prometheus.NewRegistry()))
			volume, err := log.estimator().Volume(t.Context(), Question{
				Measurement: 1, Parts: log.parts(), Interval: topicrange.Interval{Start: start, End: test.to}, Buckets: 120, Account: account,
			})
			if err != nil {
				t.Fatal(err)
			}
			if cost := 100_000 - messages.Tokens(); cost < test.least || cost > test.most {
				t.Errorf("%s: %s cost %.0f messages for %+v, want %g to %g", test.name, volume.Quality, cost, volume.Read, test.least, test.most)
			}
		}
	})
}

func BenchmarkVolume(b *testing.B) {
	log := newLog(1000)
	zipf(log, 3000, 24, 20)
	estimator := New(log, answerscan.New(log, prometheus.NewRegistry()), lateness)
	for b.Loop() {
		log.ask(b, estimator, 3, start, after(24*3600), 120)
	}
}
