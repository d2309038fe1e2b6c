package socketio

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestDecodePacket(t *testing.T) {
	for _, test := range []struct {
		text  string
		want  packet
		auth  string
		args  []string // the first two of the array
		array string   // where it is more than those
	}{
		{text: `0`, want: packet{kind: kindConnect, namespace: "/"}},
		{text: `0{"token":"123"}`, want: packet{kind: kindConnect, namespace: "/"}, auth: `{"token":"123"}`},
		{text: `0/admin,`, want: packet{kind: kindConnect, namespace: "/admin"}},
		{text: `0/admin`, want: packet{kind: kindConnect, namespace: "/admin"}},
		{text: `0/admin?token=1234&uid=abcd,`, want: packet{kind: kindConnect, namespace: "/admin"}},
		{text: `0/admin?token=1234`, want: packet{kind: kindConnect, namespace: "/admin"}},
		{text: `0/admin,{"a":1}`, want: packet{kind: kindConnect, namespace: "/admin"}, auth: `{"a":1}`},
		{text: `1`, want: packet{kind: kindDisconnect, namespace: "/"}},
		{text: `1/admin`, want: packet{kind: kindDisconnect, namespace: "/admin"}},
		{text: `1/admin,`, want: packet{kind: kindDisconnect, namespace: "/admin"}},
		{text: `2["hey"]`, want: packet{kind: kindEvent, namespace: "/"}, args: []string{`"hey"`}},
		{
			text: `2 ["hey" , {"a": [1, 2]}, null]`, want: packet{kind: kindEvent, namespace: "/"},
			args: []string{`"hey"`, `{"a": [1, 2]}`}, array: ` ["hey" , {"a": [1, 2]}, null]`,
		},
		{text: `212["hey"]`, want: packet{kind: kindEvent, namespace: "/", hasAckID: true, ackID: 12}, args: []string{`"hey"`}},
		{text: `20["hey"]`, want: packet{kind: kindEvent, namespace: "/", hasAckID: true}, args: []string{`"hey"`}},
		{
			text: `2/chat,9007199254740991["hey"]`, want: packet{kind: kindEvent, namespace: "/chat", hasAckID: true, ackID: maxAckID},
			args: []string{`"hey"`},
		},
		{text: `312[]`, want: packet{kind: kindAck, namespace: "/", hasAckID: true, ackID: 12}},
		{text: `3/chat,13["bar"]`, want: packet{kind: kindAck, namespace: "/chat", hasAckID: true, ackID: 13}},
		{text: `4"whatever`, want: packet{kind: kindConnectError, namespace: "/"}},
		{
			text: `51-["up",{"_placeholder":true,"num":0}]`, want: packet{kind: kindBinaryEvent, attachments: 1, namespace: "/"},
			args: []string{`"up"`, `{"_placeholder":true,"num":0}`},
		},
		{
			text: `510-/chat,7["up"]`, want: packet{kind: kindBinaryEvent, attachments: 10, namespace: "/chat", hasAckID: true, ackID: 7},
			args: []string{`"up"`},
		},
		{text: `62-789[]`, want: packet{kind: kindBinaryAck, attachments: 2, namespace: "/", hasAckID: true, ackID: 789}},
	} {
		t.Run(test.text, func(t *testing.T) {
			got, err := decodePacket([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			var args []string
			for _, arg := range got.head {
				if arg != nil {
					args = append(args, string(arg))
				}
			}
			if array := cmp.Or(test.array, "["+strings.Join(args, ",")+"]"); args != nil && string(got.array) != array {
				t.Errorf("got %s, want %s", got.array, array)
			}
			if string(got.auth) != test.auth || strings.Join(args, "|") != strings.Join(test.args, "|") {
				t.Errorf("got auth %s, arguments %q", got.auth, args)
			}
			got.auth, got.array, got.head = nil, nil, [2]json.RawMessage{}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestDecodePacketRefuses(t *testing.T) {
	for _, test := range []struct{ text, fault string }{
		{``, "packet type"},
		{`7`, `packet type: got "7", want 0 to 6`},
		{`abc`, `packet type: got "a"`},
		{`0[1]`, "connect packet"},
		{`0{"a"`, "connect packet"},
		{`0/admin,"x"`, "connect packet"},
		{`1{}`, "disconnect packet"},
		{`2`, "payload"},
		{`2{}`, "want a JSON array"},
		{`2null`, "want a JSON array"},
		{`2["x"`, "want a JSON array"},
		{`2["x"]x`, "want a JSON array"},
		{`2[]`, "event's name"},
		{`2[1]`, "event's name"},
		{`2[{"a":"b"}]`, "event's name"},
		{`2abc["x"]`, "want a JSON array"},
		{`2-1["x"]`, "want a JSON array"},
		{`29007199254740992["x"]`, "acknowledgement ID"},
		{`2` + strings.Repeat("9", 1000) + `["x"]`, "acknowledgement ID"},
		{`5["x"]`, "attachments"},
		{`5-["x"]`, "attachments"},
		{`50-["x"]`, "want a number from 1 to 10"},
		{`511-["x"]`, "want a number from 1 to 10"},
		{`5-1-["x"]`, "attachments"},
		{`51["x"]`, `want a "-"`},
		{`518000000000000000000-["x"]`, "want a number from 1 to 10"},
		{`5184467440737095516170-["x"]`, "want a number from 1 to 10"}, // 10 × 2^64 and a bit
		{`51-{}`, "want a JSON array"},
		{`6["x"]`, "attachments"},
		{`2` + strings.Repeat("[", 20000), "want a JSON array"},
	} {
		t.Run(test.text[:min(len(test.text), 30)], func(t *testing.T) {
			got, err := decodePacket([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.fault) {
				t.Fatalf("got %+v, %v; want an error with %q", got, err, test.fault)
			}
			if len(err.Error()) > 200 {
				t.Errorf("the error is %d bytes long", len(err.Error()))
			}
		})
	}
}
