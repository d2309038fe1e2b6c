package engineio

import (
	"bytes"
	"strings"
	"testing"
)

func TestDecodeText(t *testing.T) {
	for _, test := range []struct {
		frame string
		kind  packetKind
		data  string
		fault string
	}{
		{frame: "4hello", kind: packetMessage, data: "hello"},
		{frame: "4", kind: packetMessage},
		{frame: "4grüße ✓", kind: packetMessage, data: "grüße ✓"},
		{frame: "1", kind: packetClose},
		{frame: "2probe", kind: packetPing, data: "probe"},
		{frame: "3", kind: packetPong},
		{frame: "6", kind: packetNoop},
		{frame: "", fault: "got nothing"},
		{frame: "7", fault: `got '7', want 0 to 6`},
		{frame: "abc", fault: `got 'a'`},
		{frame: "b4AQID", fault: `got 'b'`},
		{frame: "\x04abc", fault: `got '\x04'`},
		{frame: "4\xff\xfe", fault: "UTF-8"},
	} {
		t.Run(test.frame, func(t *testing.T) {
			got, err := decodeText([]byte(test.frame))
			if test.fault != "" {
				if err == nil || !strings.Contains(err.Error(), test.fault) {
					t.Fatalf("got %v, want an error with %q", err, test.fault)
				}
				return
			}
			if err != nil || got.kind != test.kind || string(got.data) != test.data || got.binary {
				t.Fatalf("got %+v, %v", got, err)
			}
		})
	}
}

func TestDecodeBinary(t *testing.T) {
	for _, test := range []struct {
		name     string
		revision Revision
		frame    []byte
		data     []byte
		valid    bool
	}{
		{"revision 4 is the message itself", Revision4, []byte{1, 2, 3}, []byte{1, 2, 3}, true},
		{"revision 4 may be empty", Revision4, []byte{}, []byte{}, true},
		{"revision 3 has a leading 4", Revision3, []byte{4, 1, 2, 3}, []byte{1, 2, 3}, true},
		{"revision 3 without it", Revision3, []byte{1, 2, 3}, nil, false},
		{"revision 3 empty", Revision3, nil, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := decodeBinary(test.revision, test.frame)
			if (err == nil) != test.valid || !bytes.Equal(got.data, test.data) || got.binary != test.valid {
				t.Fatalf("got %+v, %v", got, err)
			}
			if test.valid && !bytes.Equal(encodeBinary(test.revision, got.data).Payload(), test.frame) {
				t.Fatalf("encoding it again gives %x, want %x", encodeBinary(test.revision, got.data).Payload(), test.frame)
			}
		})
	}
}

func FuzzDecodeFrame(f *testing.F) {
	for _, frame := range []string{"4hello", `42["atlas_subscribe",{"stream_type":"result","msm":1001}]`, "40", "2probe", "5", "1", "\x04\x01\x02", "4\xff", ""} {
		f.Add(true, []byte(frame))
		f.Add(false, []byte(frame))
	}
	f.Fuzz(func(t *testing.T, binary bool, frame []byte) {
		for _, revision := range []Revision{Revision3, Revision4} {
			decoded, err := decodeText(frame)
			if binary {
				decoded, err = decodeBinary(revision, frame)
			}
			if err == nil && !bytes.HasSuffix(frame, decoded.data) {
				t.Fatalf("%q gave %q, which is no part of it", frame, decoded.data)
			}
			if err == nil && decoded.binary != binary {
				t.Fatalf("%q came out as binary %v", frame, decoded.binary)
			}
		}
	})
}
