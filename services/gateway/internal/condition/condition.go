package condition

import (
	"fmt"
	"time"
	"unsafe"
)

// Condition is something that a record must fulfil.
type Condition interface {
	Holds(value *Value) bool
	AppendKey(key []byte) []byte // conditions that ask for the same append the same
	Member() string              // about whose values it asks, or nothing
	Alternatives() int           // to which each of these values is compared
	Size() int                   // of its memory, in bytes
}

// OfType holds for records of a type.
func OfType(recordType string) Condition { return ofType(recordType) }

type ofType string

func (t ofType) Holds(value *Value) bool     { return value.record.Type == string(t) }
func (t ofType) AppendKey(key []byte) []byte { return fmt.Appendf(key, "type %s", string(t)) }
func (ofType) Member() string                { return "" }
func (ofType) Alternatives() int             { return 1 }
func (t ofType) Size() int                   { return int(unsafe.Sizeof(t)) }

// Since holds for records of a time, to the millisecond, and later.
func Since(at time.Time) Condition { return since(at.UnixMilli()) }

// since is in Unix milliseconds.
type since int64

func (s since) Holds(value *Value) bool     { return value.record.Time.UnixMilli() >= int64(s) }
func (s since) AppendKey(key []byte) []byte { return fmt.Appendf(key, "since %d", int64(s)) }
func (since) Member() string                { return "" }
func (since) Alternatives() int             { return 1 }
func (s since) Size() int                   { return int(unsafe.Sizeof(s)) }
