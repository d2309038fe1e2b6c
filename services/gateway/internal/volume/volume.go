package volume

import (
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

// MaxBuckets is the greatest number of buckets of a volume.
const MaxBuckets = 240

// Question asks for a volume.
type Question struct {
	Measurement atlas.MeasurementID
	Parts       []topicrange.Partition // that have its records
	Interval    topicrange.Interval    // in the past
	Buckets     int
	Account     *readlimit.Account // pays for look-ups and reading
}

// Quality says how exact a volume is.
type Quality string

// Qualities, from the best on.
const (
	Exact     Quality = "exact"     // every record was read and counts by its own time
	Sampled   Quality = "sampled"   // some were read; a record counts by its arrival
	Partition Quality = "partition" // none was read: records of other measurements in the partition count too
)

// Volume is how many records there are in each bucket of an interval.
type Volume struct {
	Step     time.Duration // the length of a bucket
	Quality  Quality
	Buckets  []Bucket
	From, To time.Time              // of the records that were found; zero without any
	Omitted  []topicrange.Partition // archives that may have records but were too long to scan
	Read     answerscan.Read
}

// Bucket is the number of records in one bucket.
type Bucket struct {
	Known     bool // the log has records of that time
	Count     float64
	Low, High float64 // the confidence interval of an estimate; equal to an exact count
}
