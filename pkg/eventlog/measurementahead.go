package eventlog

import "time"

const (
	// defaultAhead bounds the values that are read ahead, in bytes, if nothing else is said.
	defaultAhead = 2 << 20
	// leastAnswer and mostAnswer bound the size of an answer, in bytes as the broker holds it. Whoever reads slowly asks for little, as it is held for long.
	leastAnswer = 16 << 10
	mostAnswer  = 256 << 10
	// leisurely is when the last answer was asked for at least, for whoever reads slowly.
	leisurely = time.Second / 4
)

// ReadAhead bounds the values that are read ahead, in bytes; one record more comes in any case. It is called before Next.
func (m *MeasurementReader) ReadAhead(bytes int) { m.mostAhead = bytes }

// hasRoom tells that another answer may be held beside what is left of the last one.
func (m *MeasurementReader) hasRoom() bool { return m.held < m.mostAhead/8 }

// adapt asks for more at once of what is read fast, as long as all of it is taken and two answers are not too much.
func (m *MeasurementReader) adapt(now time.Time) {
	switch {
	case now.Sub(m.asked) >= leisurely:
		m.most = max(m.most/2, leastAnswer)
	case m.taken >= m.mostAhead/2:
		m.most = max(m.most/2, leastAnswer)
	case m.taken < m.mostAhead/4:
		m.most = min(2*m.most, mostAnswer)
	}
	m.asked = now
}
