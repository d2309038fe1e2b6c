package wsconn

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// frame is a client's frame, masked with zeros.
func frame(opcode byte, payload string) []byte {
	return append([]byte{opcode, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
}

// A message cannot have endless empty frames, which no limit of bytes would count.
func TestAbuseEndlessFrames(t *testing.T) {
	client, ended := echo(t) // whose messages have 1,000 bytes at most
	conn := client.NetConn()
	if _, err := conn.Write(frame(0x01, "x")); err != nil {
		t.Fatal(err)
	}
	for sent := 0; sent <= frameOverhead(1000); sent += len(frame(0x00, "")) {
		if _, err := conn.Write(frame(0x00, "")); err != nil {
			t.Fatal(err)
		}
	}
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, _, err := client.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
		t.Errorf("got %v, want a close frame with %d", err, websocket.CloseMessageTooBig)
	}
	_ = client.Close()
	if end := <-ended; end.Code != websocket.CloseMessageTooBig {
		t.Errorf("got %+v", end)
	}
}

// A message in small parts, with pings between them, is accepted.
func TestMessageInSmallParts(t *testing.T) {
	client, _ := echo(t)
	for part := range 100 {
		opcode := byte(0x00)
		switch part {
		case 0:
			opcode = 0x01
		case 99:
			opcode = 0x80
		}
		for _, frame := range [][]byte{frame(0x89, "there?"), frame(opcode, "12345678")} {
			if _, err := client.NetConn().Write(frame); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, message, err := client.ReadMessage(); err != nil || len(message) != 800 {
		t.Errorf("got %d bytes, %v", len(message), err)
	}
}
