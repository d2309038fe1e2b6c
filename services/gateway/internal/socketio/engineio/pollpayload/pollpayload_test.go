package pollpayload_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload/payloadtest"
)

var (
	forms  = []pollpayload.Form{pollpayload.Revision4, pollpayload.Revision3Text, pollpayload.Revision3Binary}
	limits = pollpayload.Limits{Packets: 100, Bytes: 10_000}
)

func text(s string) pollpayload.Packet { return pollpayload.Packet{Data: []byte(s)} }

func binary(s string) pollpayload.Packet { return pollpayload.Packet{Binary: true, Data: []byte(s)} }

// show makes packets readable.
func show(packets []pollpayload.Packet) []string {
	var shown []string
	for _, packet := range packets {
		kind := "text"
		if packet.Binary {
			kind = "binary"
		}
		shown = append(shown, fmt.Sprintf("%s %q", kind, packet.Data))
	}
	return shown
}

func TestAppend(t *testing.T) {
	for _, test := range []struct {
		name    string
		form    pollpayload.Form
		packets []pollpayload.Packet
		want    string
	}{
		{"one packet", pollpayload.Revision4, []pollpayload.Packet{text("2")}, "2"},
		{"several packets", pollpayload.Revision4, []pollpayload.Packet{text("2"), text(`42["é"]`), binary("\x01\xff")}, "2\x1e42[\"é\"]\x1ebAf8="},
		{"several packets", pollpayload.Revision3Text, []pollpayload.Packet{text("2"), text(`42["a"]`), binary("\x01\xff")}, `1:27:42["a"]6:b4Af8=`},
		{"several packets", pollpayload.Revision3Binary, []pollpayload.Packet{text("2"), text(`42["abcd"]`), binary("\x01\xff")},
			"\x00\x01\xff2\x00\x01\x00\xff42[\"abcd\"]\x01\x03\xff\x04\x01\xff"},
		{"an empty binary message", pollpayload.Revision4, []pollpayload.Packet{binary("")}, "b"},
		{"an empty binary message", pollpayload.Revision3Text, []pollpayload.Packet{binary("")}, "2:b4"},
		{"an empty binary message", pollpayload.Revision3Binary, []pollpayload.Packet{binary("")}, "\x01\x01\xff\x04"},

		{"a character of two bytes", pollpayload.Revision3Text, []pollpayload.Packet{text(`42["é"]`)}, `12:42["\u00e9"]`},
		{"a character of two bytes", pollpayload.Revision3Binary, []pollpayload.Packet{text(`42["é"]`)}, "\x00\x01\x02\xff42[\"\\u00e9\"]"},
		{"a surrogate pair", pollpayload.Revision3Text, []pollpayload.Packet{text(`42["€ 😀"]`)}, `25:42["\u20ac \ud83d\ude00"]`},
		{"JSON behind a namespace, attachments and an acknowledgement", pollpayload.Revision3Text, []pollpayload.Packet{text(`451-/ns,17["é"]`)}, `20:451-/ns,17["\u00e9"]`},
		{"an object", pollpayload.Revision3Text, []pollpayload.Packet{text(`40{"ö":1}`)}, `14:40{"\u00f6":1}`},
		{"a string", pollpayload.Revision3Text, []pollpayload.Packet{text(`44/ns,"ö"`)}, `14:44/ns,"\u00f6"`},
		{"a byte that is not UTF-8 in JSON", pollpayload.Revision3Text, []pollpayload.Packet{text("42[\"\xff\"]")}, `12:42["\ufffd"]`},

		{"no JSON", pollpayload.Revision3Text, []pollpayload.Packet{text("4€ 😀"), text("2")}, "5:4€ 😀1:2"},
		{"no JSON", pollpayload.Revision3Binary, []pollpayload.Packet{text("4€ 😀")}, "\x00\x09\xff4€ 😀"},
		{"no JSON, but a quotation", pollpayload.Revision3Text, []pollpayload.Packet{text(`4say "é"`)}, `8:4say "é"`},
		{"no JSON, but a bracket", pollpayload.Revision3Text, []pollpayload.Packet{text(`4["a"] é`)}, `8:4["a"] é`},
		{"no JSON, for a string has no end", pollpayload.Revision3Text, []pollpayload.Packet{text(`4["é\"]`)}, `7:4["é\"]`},
		{"no JSON, for something follows", pollpayload.Revision3Text, []pollpayload.Packet{text(`4"é"0`)}, `5:4"é"0`},
		{"no JSON, for there is no such escape", pollpayload.Revision3Text, []pollpayload.Packet{text(`4["\é"]`)}, `7:4["\é"]`},
		{"a backslash in a string", pollpayload.Revision3Text, []pollpayload.Packet{text(`42["\\é\"é"]`)}, `22:42["\\\u00e9\"\u00e9"]`},
		{"a namespace that is not ASCII", pollpayload.Revision3Text, []pollpayload.Packet{text(`42/ñ,["é"]`)}, `10:42/ñ,["é"]`},
		{"a byte that is not UTF-8, and no JSON", pollpayload.Revision3Text, []pollpayload.Packet{text("4é\xff")}, "3:4é\ufffd"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := pollpayload.Append(nil, test.form, test.packets); string(got) != test.want {
				t.Errorf("form %d: got %q, want %q", test.form, got, test.want)
			}
		})
	}
}

func TestAppendComposes(t *testing.T) {
	packets := []pollpayload.Packet{text(`42["é"]`), binary("abc"), text("4€"), text("3")}
	for _, form := range forms {
		whole := pollpayload.Append(nil, form, packets)
		var parts []byte
		for i := range packets {
			parts = pollpayload.Append(parts, form, packets[i:i+1])
		}
		if string(parts) != string(whole) {
			t.Errorf("form %d: got %q one by one, want %q", form, parts, whole)
		}
	}
}

func TestSizeIsEnough(t *testing.T) {
	for _, test := range []struct {
		packet pollpayload.Packet
		exact  bool
	}{
		{text("2"), true},
		{text(strings.Repeat("a", 99)), true},
		{binary(""), true},
		{binary(strings.Repeat("b", 98)), true},
		{text(`42["é€😀"]`), false},
		{text("4é€😀"), false},
		{text("4\xff\xfe"), false},
		{text("42[\"\xff\"]"), false},
	} {
		for _, form := range forms {
			added := len(pollpayload.Append([]byte("2"), form, []pollpayload.Packet{test.packet})) - 1
			size := pollpayload.Size(form, test.packet)
			if size < added || test.exact && size > added {
				t.Errorf("form %d, %q: Append added %d bytes, Size is %d", form, test.packet.Data, added, size)
			}
		}
	}
}

// The bodies were made once by the parsers named in them.
func TestDecodeBodiesOfRealParsers(t *testing.T) {
	var bodies []struct {
		MadeBy  string `json:"made_by"`
		Name    string
		Form    string
		Packets []struct {
			Text   string
			Binary []byte
		}
		Body []byte
	}
	file, err := os.ReadFile("testdata/bodies.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, &bodies); err != nil {
		t.Fatal(err)
	}

	for _, body := range bodies {
		t.Run(body.MadeBy+", "+body.Form+": "+body.Name, func(t *testing.T) {
			var want []pollpayload.Packet
			for _, packet := range body.Packets {
				if packet.Binary != nil {
					want = append(want, pollpayload.Packet{Binary: true, Data: packet.Binary})
				} else {
					want = append(want, text(packet.Text))
				}
			}
			form, known := formNames[body.Form]
			if !known {
				t.Fatalf("form: got %q", body.Form)
			}
			got, err := payloadtest.Decode(form, slices.Clone(body.Body), limits)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%q: got %s and error %v, want %s", body.Body, show(got), err, show(want))
			}
		})
	}
}

// A body that both kinds of clients send, for different texts, is read as by the first kind, unless a packet can only be from the second.
func TestDecodeDistinguishesOneEncodingFromTwo(t *testing.T) {
	for body, want := range map[string][]pollpayload.Packet{
		"3:4É©":            {text("4ɩ")}, // by engine.io-parser 1.x, or of "4É©" by 2.x
		"3:4É©2:4é":        {text("4É©"), text("4é")},
		"3:4É©2:4€":        {text("4É©"), text("4€")},
		"2:4Ā":             {text("4Ā")},
		"3:4É©1:26:b4AA==": {text("4ɩ"), text("2"), binary("\x00")},
	} {
		got, err := payloadtest.Decode(pollpayload.Revision3Text, []byte(body), limits)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %s and error %v, want %s", body, show(got), err, show(want))
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, test := range []struct {
		form pollpayload.Form
		body string
		want string
	}{
		{pollpayload.Revision4, "", "body: got nothing, want at least one packet"},
		{pollpayload.Revision3Text, "", "body: got nothing, want at least one packet"},
		{pollpayload.Revision3Binary, "", "body: got nothing, want at least one packet"},

		{pollpayload.Revision4, "2\x1e", "packet: got nothing, want at least a type"},
		{pollpayload.Revision4, "4\xff", "body: the text is not valid UTF-8"},
		{pollpayload.Revision4, "bä", `binary packet: got "bä", want b and base64`},
		{pollpayload.Revision4, "bAA", `binary packet: got "bAA", want b and base64`},

		{pollpayload.Revision3Text, "abc", `packet: got "abc", want a length in UTF-16 code units, a colon and that much text`},
		{pollpayload.Revision3Text, "12", `packet: got "12", want a length in UTF-16 code units, a colon and that much text`},
		{pollpayload.Revision3Text, ":4", `packet: got ":4", want a length in UTF-16 code units, a colon and that much text`},
		{pollpayload.Revision3Text, "-1:4", `packet: got "-1:4", want a length in UTF-16 code units, a colon and that much text`},
		{pollpayload.Revision3Text, "3:4a", `packet: got "3:4a", want a length in UTF-16 code units, a colon and that much text`},
		{pollpayload.Revision3Text, "1:4a", `packet: got "a", want a length in UTF-16 code units, a colon and that much text`},
		{pollpayload.Revision3Text, "99999999999999999999999999:4", `packet: got "99999999999999999999", want a length in UTF-16 code units, a colon and that much text`},
		{pollpayload.Revision3Text, "18446744073709551617:4", `packet: got "18446744073709551617", want a length in UTF-16 code units, a colon and that much text`},
		{pollpayload.Revision3Text, "2:4😀", `packet: got "2:4😀", want a length in UTF-16 code units, a colon and that much text`},
		{pollpayload.Revision3Text, "0:", "packet: got nothing, want at least a type"},
		{pollpayload.Revision3Text, "2:4\xff", "body: the text is not valid UTF-8"},
		{pollpayload.Revision3Text, "6:b2AA==", `binary packet: got "b2AA==", want b4 and base64`},
		{pollpayload.Revision3Text, "5:b4A==", `binary packet: got "b4A==", want b4 and base64`},

		{pollpayload.Revision3Binary, "4hello", "packet: got 34 68 65 6c 6c 6f, want 00 or 01, the digits of a length, ff and that many bytes"},
		{pollpayload.Revision3Binary, "\x00", "packet: got 00, want 00 or 01, the digits of a length, ff and that many bytes"},
		{pollpayload.Revision3Binary, "\x00\xff4", "packet: got 00 ff 34, want 00 or 01, the digits of a length, ff and that many bytes"},
		{pollpayload.Revision3Binary, "\x00\x0a\xff4", "packet: got 00 0a ff 34, want 00 or 01, the digits of a length, ff and that many bytes"},
		{pollpayload.Revision3Binary, "\x00\x02\xff4", "packet: got 00 02 ff 34, want 00 or 01, the digits of a length, ff and that many bytes"},
		{pollpayload.Revision3Binary, "\x02\x01\xff4", "packet: got 02, want 00 (text) or 01 (binary)"},
		{pollpayload.Revision3Binary, "\x00\x00\xff", "packet: got nothing, want at least a type"},
		{pollpayload.Revision3Binary, "\x01\x00\xff", "packet: got nothing, want at least a type"},
		{pollpayload.Revision3Binary, "\x01\x01\xff\x02", "binary packet: got a first byte of 02, want 04"},
		{pollpayload.Revision3Binary, "\x00\x02\xff4\xff", "body: the text is not valid UTF-8"},
		{pollpayload.Revision3Binary, "\x00\x04\xff4\xed\xff\xff", "body: the text is not valid UTF-8"},
		{pollpayload.Revision3Binary, "\x00\x04\xff4\xed\xa0\xff", "body: the text is not valid UTF-8"},
	} {
		got, err := payloadtest.Decode(test.form, []byte(test.body), limits)
		if err == nil || err.Error() != test.want {
			t.Errorf("form %d, %q: got %s and error %v, want error %s", test.form, test.body, show(got), err, test.want)
		}
	}
}

func TestDecodeKeepsLimits(t *testing.T) {
	for _, form := range forms {
		body := pollpayload.Append(nil, form, []pollpayload.Packet{text("2"), text("42"), binary("abc")})
		if _, err := payloadtest.Decode(form, slices.Clone(body), pollpayload.Limits{Packets: 3, Bytes: len(body)}); err != nil {
			t.Errorf("form %d at the limits: got error %v", form, err)
		}
		for unit, limits := range map[string]pollpayload.Limits{"packets": {Packets: 2, Bytes: len(body)}, "bytes": {Packets: 3, Bytes: len(body) - 1}} {
			var tooLarge *pollpayload.TooLargeError
			if _, err := payloadtest.Decode(form, slices.Clone(body), limits); !errors.As(err, &tooLarge) || tooLarge.Unit != unit {
				t.Errorf("form %d above %v: got error %v, want one about %s", form, limits, err, unit)
			}
		}
	}
}

func TestPacketsDoNotOverlap(t *testing.T) {
	for _, form := range forms {
		body := pollpayload.Append(nil, form, []pollpayload.Packet{text("4a"), text("4b")})
		packets, err := payloadtest.Decode(form, body, limits)
		if err != nil {
			t.Fatal(err)
		}
		clear(packets[0].Data[:cap(packets[0].Data)])
		if string(packets[1].Data) != "4b" {
			t.Errorf("form %d: what is appended to the first packet changes the second to %q", form, packets[1].Data)
		}
	}
}

// A body of many packets is decoded without a list of them, which would take up to twenty times its bytes.
func TestAbuseManyPackets(t *testing.T) {
	for form, body := range map[pollpayload.Form]string{
		pollpayload.Revision4:       strings.Repeat("6\x1e", 10_000) + "6",
		pollpayload.Revision3Text:   strings.Repeat("2:4\u00e9", 10_000),
		pollpayload.Revision3Binary: strings.Repeat("\x00\x01\xff6", 10_000),
	} {
		var before, after runtime.MemStats
		text := []byte(body)
		runtime.ReadMemStats(&before)
		packets, err := pollpayload.Decode(form, text, pollpayload.Limits{Packets: 20_000, Bytes: len(text)})
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
