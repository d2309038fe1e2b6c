// Package workload produces and consumes numbered results under load. Every number must arrive once and in order.
//
//	poster.go  Poster posts small results to the collector as fast as it acknowledges them
//	writer.go  Writer writes results of 1 kB to Kafka, at a steady rate or at once
//	reader.go  Reader receives what a Writer writes, and may stop reading for a while
//	roamer.go  Roamer receives what a Writer writes, and goes to another gateway when it is told to
package workload

import (
	"sync/atomic"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// Poster posts numbered results of several measurements, one request after the other. It repeats a request until it is acknowledged.
type Poster struct {
	Measurements []atlas.MeasurementID
	Acknowledged atomic.Int64 // results of each measurement

	cluster *testcluster.Cluster
	stopped atomic.Bool
	done    chan struct{}
	err     error // once done is closed
}

// StartPoster starts posting.
func StartPoster(cluster *testcluster.Cluster, measurements []atlas.MeasurementID) *Poster {
	p := &Poster{Measurements: measurements, cluster: cluster, done: make(chan struct{})}
	go p.run()
	return p
}

func (p *Poster) run() {
	defer close(p.done)
	for !p.stopped.Load() && p.err == nil {
		p.err = p.Post()
	}
}

// Stop ends posting, and returns why it has failed if it has.
func (p *Poster) Stop() error {
	p.stopped.Store(true)
	<-p.done
	return p.err
}

// Post posts the next results of every measurement in one request. After Stop it may be called by a test.
func (p *Poster) Post() error {
	const perRequest = 10
	var results [][]byte
	for i := range perRequest {
		for _, measurement := range p.Measurements {
			results = append(results, sample.Numbered(measurement, int(p.Acknowledged.Load())+i+1))
		}
	}
	if err := p.cluster.PostUntilAccepted(results); err != nil {
		return err
	}
	p.Acknowledged.Add(perRequest)
	return nil
}

// AwaitMore waits until as many more results of each measurement are acknowledged.
func (p *Poster) AwaitMore(t *testing.T, count int64) {
	t.Helper()
	wanted := p.Acknowledged.Load() + count
	await.Condition(t, "results are acknowledged", func() bool { return p.Acknowledged.Load() >= wanted })
}
