package eventlog

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
)

// FuzzCursorKey reads arbitrary records of the topic of the keys: a key has its size and is read as it was written, or there is none.
func FuzzCursorKey(f *testing.F) {
	f.Add([]byte(cursorKeyName), []byte(strings.Repeat("0f", CursorKeySize)))
	f.Add([]byte(cursorKeyName), []byte(strings.Repeat("0g", CursorKeySize)))
	f.Add([]byte("another"), []byte(strings.Repeat("0f", CursorKeySize)))
	f.Add([]byte(nil), []byte(nil))
	f.Fuzz(func(t *testing.T, name, value []byte) {
		key, err := readCursorKey(&kafka.Record{Key: kafka.NewBytes(name), Value: kafka.NewBytes(value)})
		if err != nil {
			t.Fatal(err)
		}
		if key != nil && (len(key) != CursorKeySize || string(name) != cursorKeyName || hex.EncodeToString(key) != strings.ToLower(string(value))) {
			t.Errorf("%q of %q is read as %x", value, name, key)
		}
	})
}
