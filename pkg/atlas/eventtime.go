package atlas

import "time"

// maxAhead is how far a record's time may run ahead of the collector's clock. Kafka 4 refuses a batch with one record that is an hour ahead of the
// broker (message.timestamp.after.max.ms), so a probe with a fast clock would cost its batch; the rest of the hour is for clocks that differ.
const maxAhead = 10 * time.Minute

// EventTime gives the time under which the log keeps an event: the event's own timestamp, or a little after now where a probe's clock is fast.
// The value keeps what the probe said.
func EventTime(timestamp, now time.Time) time.Time {
	latest := now.Add(maxAhead).Truncate(time.Millisecond)
	if timestamp.After(latest) {
		return latest
	}
	return timestamp
}
