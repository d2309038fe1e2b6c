package replay

import (
	"context"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
)

// merged gives the records of several topics, each in its own order, as one sequence: by event time, then by topic.
type merged struct{ topics []*reordered }

// next gives the next record, or nil behind the last one. The record counts as delivered.
func (m *merged) next(ctx context.Context) (*atlas.Record, error) {
	var first *atlas.Record
	var topic *reordered
	for _, candidate := range m.topics {
		head, err := candidate.peek(ctx)
		if err != nil {
			return nil, err
		}
		if head != nil && (first == nil || head.Time.Before(first.Time)) {
			first, topic = head, candidate
		}
	}
	if first != nil {
		topic.take()
	}
	return first, nil
}

func (m *merged) progress() []cursor.Progress {
	progress := make([]cursor.Progress, len(m.topics))
	for i, topic := range m.topics {
		progress[i] = topic.progress()
	}
	return progress
}

// takeLate tells how many records were late since it was called last.
func (m *merged) takeLate() (late int) {
	for _, topic := range m.topics {
		late += topic.late
		topic.late = 0
	}
	return late
}

// beforeReading has something done whenever the log is about to be waited for.
func (m *merged) beforeReading(do func()) {
	for _, topic := range m.topics {
		topic.beforeReading = do
	}
}
