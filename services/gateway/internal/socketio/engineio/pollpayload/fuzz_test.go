package pollpayload_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload/payloadtest"
)

// FuzzDecode searches bodies that make Decode panic, exceed its limits, allocate too much, or return packets that do not survive Append and Decode.
func FuzzDecode(f *testing.F) {
	for form, bodies := range map[pollpayload.Form][]string{
		pollpayload.Revision4:       {"2", "42[\"é\"]\x1e2\x1ebAf8=", "\x1e", "b"},
		pollpayload.Revision3Text:   {"1:2", `12:42["m","é"]`, `12:42["m","Ã©"]`, `6:4"Ã©"0`, "4:4😀1", "6:b4Af8=", "0:", "99999999999999999999:"},
		pollpayload.Revision3Binary: {"\x00\x01\xff2", "\x00\x04\xff4\xed\xa0\x80\x01\x03\xff\x04\x01\xff", "\x00\x09\x09\x09\xff", "\x01\x00\xff"},
	} {
		for _, body := range bodies {
			f.Add(int(form), []byte(body))
		}
	}
	limits := pollpayload.Limits{Packets: 50, Bytes: 1000}
	f.Fuzz(func(t *testing.T, number int, body []byte) {
		form := forms[uint(number)%uint(len(forms))]
		packets, err := payloadtest.Decode(form, slices.Clone(body), limits)
		if len(body) > limits.Bytes && err == nil || len(packets) > limits.Packets {
			t.Fatalf("%d bytes with %d packets, above the limits", len(body), len(packets))
		}
		if err != nil {
			return
		}
		checkMemory(t, body, packets)
		again := pollpayload.Append(nil, form, packets)
		got, err := payloadtest.Decode(form, again, pollpayload.Limits{Packets: 50, Bytes: 6000})
		if err != nil || !sameMeaning(got, packets) {
			t.Fatalf("got %s and error %v from what Append made of %s", show(got), err, show(packets))
		}
	})
}

func checkMemory(t *testing.T, body []byte, packets []pollpayload.Packet) {
	used := 0
	for _, packet := range packets {
		used += cap(packet.Data)
	}
	if most := 2*len(body) + 8; used > most {
		t.Errorf("%d bytes in use for a body of %d", used, len(body))
	}
}

// FuzzAppend searches packets that are not decoded as they were appended.
func FuzzAppend(f *testing.F) {
	f.Add(`2["m","é😀"]`, []byte{1, 255}, "hello €")
	f.Add(`2/ns,17["m"]`, []byte{}, "probe")
	f.Add("É©", []byte("b4"), "\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, first string, message []byte, last string) {
		if strings.ContainsRune(first+last, 0x1e) || !utf8.ValidString(first) || !utf8.ValidString(last) {
			return // see Append
		}
		sent := []pollpayload.Packet{text("4" + first), binary(string(message)), text("4" + last)}
		for _, form := range forms {
			body := pollpayload.Append(nil, form, sent)
			if size := pollpayload.Size(form, sent[0]) + pollpayload.Size(form, sent[1]) + pollpayload.Size(form, sent[2]); size < len(body) {
				t.Fatalf("form %d: got %d bytes, Size said %d", form, len(body), size)
			}
			got, err := payloadtest.Decode(form, body, pollpayload.Limits{Packets: len(sent), Bytes: len(body)})
			if err != nil || !sameMeaning(got, sent) {
				t.Fatalf("form %d: got %s and error %v for %s", form, show(got), err, show(sent))
			}
		}
	})
}

// sameMeaning reports whether packets are equal, but for escapes in JSON, and for ambiguous text as in the package's documentation.
func sameMeaning(got, want []pollpayload.Packet) bool {
	if len(got) != len(want) {
		return false
	}
	ambiguous := ambiguous(want)
	for i := range got {
		if got[i].Binary != want[i].Binary {
			return false
		}
		if !bytes.Equal(got[i].Data, want[i].Data) && !equalJSON(got[i].Data, want[i].Data) && !ambiguous {
			return false
		}
	}
	return true
}

func equalJSON(a, b []byte) bool {
	start := bytes.IndexAny(b, `[{"`)
	if start < 0 || start > len(a) || !bytes.Equal(a[:start], b[:start]) {
		return false
	}
	var left, right any
	return json.Unmarshal(a[start:], &left) == nil && json.Unmarshal(b[start:], &right) == nil && reflect.DeepEqual(left, right)
}

// ambiguous reports whether all text beyond ASCII can be read as encoded twice.
func ambiguous(packets []pollpayload.Packet) bool {
	for _, packet := range packets {
		var once []byte
		for _, char := range string(packet.Data) {
			if char > 0xff {
				once = []byte{0xff}
				break
			}
			once = append(once, byte(char))
		}
		if !packet.Binary && !utf8.Valid(once) && !bytes.Contains(once, []byte{0xed}) {
			return false
		}
	}
	return true
}
