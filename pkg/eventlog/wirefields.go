package eventlog

import "encoding/binary"

// wireFields reads fields of Kafka's protocol. Missing ones are 0 or empty, and broken is set then.
type wireFields struct {
	rest   []byte
	broken bool
}

func (f *wireFields) bytes(length int64) []byte {
	if length < 0 || length > int64(len(f.rest)) {
		f.rest, f.broken = nil, true
		return nil
	}
	taken := f.rest[:length:length]
	f.rest = f.rest[length:]
	return taken
}

func (f *wireFields) int16() int16 {
	if raw := f.bytes(2); raw != nil {
		return int16(binary.BigEndian.Uint16(raw))
	}
	return 0
}

func (f *wireFields) int32() int32 {
	if raw := f.bytes(4); raw != nil {
		return int32(binary.BigEndian.Uint32(raw))
	}
	return 0
}

func (f *wireFields) int64() int64 {
	if raw := f.bytes(8); raw != nil {
		return int64(binary.BigEndian.Uint64(raw))
	}
	return 0
}

// varint reads a number of any length.
func (f *wireFields) varint() int64 {
	value, length := binary.Varint(f.rest)
	if length <= 0 {
		f.rest, f.broken = nil, true
		return 0
	}
	f.rest = f.rest[length:]
	return value
}

// nullable reads bytes after their length. It returns nil for a null, whose length is below 0.
func (f *wireFields) nullable() []byte {
	length := f.varint()
	if length < 0 {
		return nil
	}
	return f.bytes(length)
}
