package eventlog

import "context"

// BeforeFetch has pay called before Kafka is asked for more, with how many records of the partition were gone through since, wanted or not, and with the bytes
// of their values, read or not. Next fails with its error. It is called before Next.
func (m *MeasurementReader) BeforeFetch(pay func(ctx context.Context, records, bytes int64) error) {
	m.pay, m.paid = pay, m.next
}

// payForRead pays for what was read since it was called last.
func (m *MeasurementReader) payForRead(ctx context.Context) error {
	read := m.next - m.paid
	if m.pay == nil || read <= 0 {
		return nil
	}
	bytes := m.unpaid
	m.paid, m.unpaid = m.next, 0
	return m.pay(ctx, read, bytes)
}
