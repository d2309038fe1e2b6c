package pollpayload_test

import (
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload/payloadtest"
)

var formNames = map[string]pollpayload.Form{
	"revision 4":         pollpayload.Revision4,
	"revision 3, text":   pollpayload.Revision3Text,
	"revision 3, binary": pollpayload.Revision3Binary,
}

// samples are packets of 1 kB each for a body.
func samples() map[string][]pollpayload.Packet {
	ascii := text(`42["atlas_result",{"a":"` + strings.Repeat("x", 1000) + `"}]`)
	other := text(`42["atlas_result",{"a":"` + strings.Repeat("é€😀x", 100) + `"}]`)
	kinds := map[string][]pollpayload.Packet{}
	for range pollpayload.MaxPackets {
		kinds["ASCII"] = append(kinds["ASCII"], ascii)
		kinds["beyond"] = append(kinds["beyond"], other)
	}
	return kinds
}

func BenchmarkAppend(b *testing.B) {
	for kind, packets := range samples() {
		for name, form := range formNames {
			b.Run(name+", "+kind, func(b *testing.B) {
				body := pollpayload.Append(nil, form, packets)
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					body = pollpayload.Append(body[:0], form, packets)
				}
			})
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for kind, packets := range samples() {
		for name, form := range formNames {
			b.Run(name+", "+kind, func(b *testing.B) {
				body := pollpayload.Append(nil, form, packets)
				limits := pollpayload.Limits{Packets: len(packets), Bytes: len(body)}
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := payloadtest.Decode(form, body, limits); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// JSON beyond ASCII is not tested here: encoding/json uses a pool for it, which the race detector empties at random.
func TestAppendAllocatesOnlyTheBody(t *testing.T) {
	packets := append(samples()["ASCII"], binary("abc"), text("4€"))
	for name, form := range formNames {
		body := pollpayload.Append(nil, form, packets)
		if allocations := testing.AllocsPerRun(100, func() { body = pollpayload.Append(body[:0], form, packets) }); allocations > 0 {
			t.Errorf("%s: got %v allocations, want none", name, allocations)
		}
	}
}
