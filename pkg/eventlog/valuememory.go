package eventlog

// valuesAtOnce is the size of the pieces that hold the values of many records: large enough to allocate seldom, small enough that a record that is
// kept for long keeps little else.
const valuesAtOnce = 32 << 10

// valueMemory hands out memory for values, each used once, from pieces that many values share.
type valueMemory struct{ free []byte }

func (m *valueMemory) take(length int) []byte {
	if length > valuesAtOnce/4 {
		return make([]byte, length)
	}
	if length > len(m.free) {
		m.free = make([]byte, valuesAtOnce)
	}
	taken := m.free[:length:length]
	m.free = m.free[length:]
	return taken
}
