package volume

import (
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

// MaxBuckets is into how many buckets a volume may be cut.
const MaxBuckets = 240

// Question asks for a volume.
type Question struct {
	Measurement atlas.MeasurementID
	Parts       []topicrange.Partition // of the partitions that it is in
	Interval    topicrange.Interval    // in the past
	Buckets     int
	Account     *readlimit.Account // pays for what is looked up and read
}

// Quality says how good the figures of a volume are.
type Quality string

// Qualities, from the best on.
const (
	Exact     Quality = "exact"     // every record was looked at and counts by its own time
	Sampled   Quality = "sampled"   // some were; a record counts by when it came in
	Partition Quality = "partition" // none was: records of other measurements in the partition count too
)

// Volume is how many records there are in each bucket of an interval.
type Volume struct {
	Step     time.Duration // the length of a bucket
	Quality  Quality
	Buckets  []Bucket
	From, To time.Time              // of the records that there are, as far as they were looked for; zero without any
	Omitted  []topicrange.Partition // archives that may have records and were too long to be looked through
	Read     logscan.Read
}

// Bucket is what there is in one.
type Bucket struct {
	Known     bool // the log has something of that time
	Count     float64
	Low, High float64 // the interval around an estimate; the count itself where that is exact
}
