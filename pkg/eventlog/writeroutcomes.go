package eventlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/segmentio/kafka-go"
)

// AppendError says that Kafka does not have every record of an Append.
type AppendError struct {
	Outcomes []error // one for each event, nil where Kafka has it
}

func (e *AppendError) Error() string {
	failed, first := 0, error(nil)
	for _, outcome := range e.Outcomes {
		if outcome == nil {
			continue
		}
		if first == nil {
			first = outcome
		}
		failed++
	}
	return fmt.Sprintf("%d of %d records were not appended, the first of them: %v", failed, len(e.Outcomes), first)
}

// Unwrap returns the outcomes that are errors.
func (e *AppendError) Unwrap() []error {
	return slices.DeleteFunc(slices.Clone(e.Outcomes), func(outcome error) bool { return outcome == nil })
}

// pendingAppend collects the outcomes of one Append. They come from the goroutines of several partitions, and late if the caller has given up.
type pendingAppend struct {
	release func() // called once Kafka is done with every record
	done    chan struct{}

	mu       sync.Mutex
	waiting  int
	failed   bool
	outcomes []error
	places   []Place
}

// Place is the partition and the offset of a record.
type Place struct {
	Partition int
	Offset    int64 // -1 if Kafka is not known to have the record
}

// place is a record's index in its Append; it travels with the record through kafka-go.
type place struct {
	append *pendingAppend
	index  int
}

// errPending is an outcome that is not known yet.
var errPending = errors.New("not sent yet")

func newPendingAppend(events int, release func()) *pendingAppend {
	outcomes, places := make([]error, events), make([]Place, events)
	for i := range outcomes {
		outcomes[i], places[i].Offset = errPending, -1
	}
	return &pendingAppend{release: release, done: make(chan struct{}), waiting: events, outcomes: outcomes, places: places}
}

// settleAll sets the same outcome for all messages of an Append.
func (p *pendingAppend) settleAll(messages []kafka.Message, err error) {
	for i := range messages {
		p.settle(messages[i].WriterData.(*place).index, err)
	}
}

func (p *pendingAppend) settle(index int, err error) { p.settleAt(index, Place{Offset: -1}, err) }

func (p *pendingAppend) settleAt(index int, place Place, err error) {
	p.mu.Lock()
	p.outcomes[index], p.places[index] = err, place
	p.failed = p.failed || err != nil
	p.waiting--
	settled := p.waiting == 0
	p.mu.Unlock()
	if settled {
		p.release()
		close(p.done)
	}
}

// wait returns once every outcome is known, or the context has ended: an outcome that is not known then is ErrUnknownOutcome.
func (p *pendingAppend) wait(ctx context.Context) ([]Place, error) {
	select {
	case <-p.done:
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == 0 && !p.failed {
		return p.places, nil
	}
	outcomes := make([]error, len(p.outcomes))
	for i, outcome := range p.outcomes {
		if errors.Is(outcome, errPending) {
			outcome = fmt.Errorf("%w: %w", ErrUnknownOutcome, context.Cause(ctx))
		}
		outcomes[i] = outcome
	}
	return slices.Clone(p.places), &AppendError{Outcomes: outcomes}
}
