package endpoint

import (
	"bytes"
	"fmt"
	"testing"

	"atlasstream/services/gateway/internal/encode"
)

// An event that is given its cursor once it is encoded is the one that is encoded with the cursor, whatever its length says in the frame's header.
func TestCursorOfAnEncodedEvent(t *testing.T) {
	var encoding encode.CursorEncoding = socketIOEvents{}
	for _, size := range []int{0, 60, 90, 125, 126, 1000, 0xFFFF - 40, 0xFFFF, 100_000} {
		payload := fmt.Appendf(nil, `{"value":%q}`, bytes.Repeat([]byte("x"), size))
		event := encoding.Event("atlas_result", payload)
		for _, cursor := range []string{"", "some-cursor_of-a-client"} {
			got, want := encoding.WithCursor(event, cursor), encoding.EventAt("atlas_result", payload, cursor)
			if !bytes.Equal(got.Frame(), want.Frame()) {
				t.Errorf("%d bytes: got %.200q, want %.200q", size, got.Frame(), want.Frame())
			}
		}
		if again := encoding.Event("atlas_result", payload); !bytes.Equal(event.Frame(), again.Frame()) {
			t.Errorf("%d bytes: the event has become %.200q", size, event.Frame())
		}
	}
}

func BenchmarkCursorOfAnEvent(b *testing.B) {
	var encoding encode.CursorEncoding = socketIOEvents{}
	payload, cursor := fmt.Appendf(nil, `{"value":%q}`, bytes.Repeat([]byte("x"), 1000)), string(bytes.Repeat([]byte("c"), 100))
	b.Run("encoded with it", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			encoding.EventAt("atlas_result", payload, cursor)
		}
	})
	b.Run("encoded before", func(b *testing.B) {
		event := encoding.Event("atlas_result", payload)
		b.ReportAllocs()
		for b.Loop() {
			encoding.WithCursor(event, cursor)
		}
	})
}
