package eventlog

import "context"

// Position gives the offset where Next goes on: what stands before it has been given, or passed over as others', a repeat or no event.
func (m *MeasurementReader) Position() int64 {
	//mutate:position-before-given
	if m.given < len(m.ahead) {
		return m.ahead[m.given].Position.Offset
	}
	if m.atEnd() {
		return max(m.wanted, m.to)
	}
	return max(m.wanted, m.next)
}

// Extend has Next go on to the log's end as it is now, whether it has reached the old one or not. What is known of repeats is kept. An *OffsetGoneError says
// that the log ends before what has been read, so that it is another one.
func (m *MeasurementReader) Extend(ctx context.Context) error {
	var first, end int64
	err := retry(ctx, func() (err error) {
		first, end, err = m.bounds(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if reached := max(m.wanted, m.next); reached > end {
		return &OffsetGoneError{Topic: m.topic, Partition: m.number, Offset: reached, First: first, Next: end}
	}
	m.to = end
	return nil
}
