package socketio

import (
	"testing"

	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/wsframe"
)

func TestEncode(t *testing.T) {
	for _, test := range []struct {
		want string
		got  *wsframe.Message
	}{
		{`42["atlas_result",{"msm_id":1001}]`, EncodeEvent("/", "atlas_result", []byte(`{"msm_id":1001}`))},
		{`42["x",1,"two"]`, EncodeEvent("/", "x", []byte(`1`), []byte(`"two"`))},
		{`42["x"]`, EncodeEvent("/", "x")},
		{`42/ns,["q\"uote",null]`, EncodeEvent("/ns", `q"uote`, []byte(`null`))},
		{`43456[1,"2"]`, encodeAck("/", 456, [][]byte{[]byte(`1`), []byte(`"2"`)})},
		{`43/ns,0[]`, encodeAck("/ns", 0, nil)},
		{`452-["x",{"_placeholder":true,"num":0}]`, encodeBinaryEvent("/", "x", 2, [][]byte{[]byte(`{"_placeholder":true,"num":0}`)})},
		{`451-/ns,["x"]`, encodeBinaryEvent("/ns", "x", 1, nil)},
		{`462-789[1,2]`, encodeBinaryAck("/", 789, 2, [][]byte{[]byte(`1`), []byte(`2`)})},
		{`461-/ns,7[]`, encodeBinaryAck("/ns", 7, 1, nil)},
		{`40`, encodeConnect(engineio.Revision3, "/", "id", "")},
		{`40/ns,`, encodeConnect(engineio.Revision3, "/ns", "id", "")},
		{`40{"sid":"id"}`, encodeConnect(engineio.Revision4, "/", "id", "")},
		{`40/ns,{"sid":"id"}`, encodeConnect(engineio.Revision4, "/ns", "id", "")},
		{`44"no entry"`, encodeRefusal(engineio.Revision3, "/", "no entry")},
		{`44/ns,"no entry"`, encodeRefusal(engineio.Revision3, "/ns", "no entry")},
		{`44{"message":"no entry"}`, encodeRefusal(engineio.Revision4, "/", "no entry")},
		{`44/ns,{"message":"no entry"}`, encodeRefusal(engineio.Revision4, "/ns", "no entry")},
		{`41`, encodeDisconnect("/")},
		{`41/ns,`, encodeDisconnect("/ns")},
	} {
		if got := string(test.got.Payload()); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func BenchmarkEncodeEvent(b *testing.B) {
	arg := make([]byte, 1000)
	b.ReportAllocs()
	for b.Loop() {
		EncodeEvent("/", "atlas_result", arg)
	}
}
