package payload_test

import (
	"runtime"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/socketio/engineio/payload"
)

// A body of many packets is decoded without a list of them, which would take up to twenty times its bytes.
func TestAbuseManyPackets(t *testing.T) {
	for form, body := range map[payload.Form]string{
		payload.Revision4:       strings.Repeat("6\x1e", 10_000) + "6",
		payload.Revision3Text:   strings.Repeat("2:4\u00e9", 10_000),
		payload.Revision3Binary: strings.Repeat("\x00\x01\xff6", 10_000),
	} {
		var before, after runtime.MemStats
		text := []byte(body)
		runtime.ReadMemStats(&before)
		packets, err := payload.Decode(form, text, payload.Limits{Packets: 20_000, Bytes: len(text)})
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for _, err := range packets {
			if err != nil {
				t.Fatal(err)
			}
			count++
		}
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(len(text)+4096); count < 10_000 || got > most {
			t.Errorf("form %d: %d packets in %d bytes took %d bytes, want at most %d", form, count, len(text), got, most)
		}
	}
}
