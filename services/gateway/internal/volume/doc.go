// Package volume estimates how many records of a measurement the log has over time. Few records are counted, each by its own time. For many, the log is asked
// at which offset each bucket of time begins, and a sample of the bucket is read: that gives an estimate and its confidence interval.
//
//   - volume.go: the question and the answer.
//   - estimator.go: which topics are counted, and counting them.
//   - live.go: the estimate of a live topic that is too long to be counted.
//   - estimate.go: from a sample to an estimate and its interval.
//   - offsetcache.go: the offsets of times, looked up once.
//   - sampling.go: which chunks of a bucket are read.
//   - timeline.go: an interval cut into buckets.
package volume
