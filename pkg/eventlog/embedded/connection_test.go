package embedded

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// hostile is what is no request, and would make kfake panic or take gigabytes.
var hostile = map[string][]byte{
	"a browser":       []byte("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"),
	"an unknown kind": request(999, 0, 8),
	"a negative kind": request(-1, 0, 8),
	"4 GiB":           {0xff, 0xff, 0xff, 0xff, 0, 18, 0, 0, 0, 0, 0, 1},
	"nothing at all":  {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
}

// request is the head of a request, whose size says so many bytes, and zeroes up to there.
func request(key, version int16, size int) []byte {
	raw := binary.BigEndian.AppendUint32(nil, uint32(size))
	raw = binary.BigEndian.AppendUint16(raw, uint16(key))
	raw = binary.BigEndian.AppendUint16(raw, uint16(version))
	return append(raw, make([]byte, size-len(raw)+4)...)
}

func TestHostileConnectionIsClosedAndLogged(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	broker := start(t, Config{Logger: zap.New(core)})
	for name, raw := range hostile {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", broker.Addrs()[0])
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := conn.Write(raw); err != nil {
				t.Fatal(err)
			}
			if answer, err := io.ReadAll(conn); len(answer) > 0 || errors.Is(err, net.ErrClosed) || isTimeout(err) {
				t.Fatalf("answered %q, %v, want the end of the connection", answer, err)
			}
			if said := logs.TakeAll(); len(said) != 1 || !strings.Contains(said[0].Message, "refused") {
				t.Fatalf("the log has %v, want one refusal", said)
			}
		})
	}
	client := connect(t, broker.Addrs())
	makeTopic(t, client, 1, nil)
	produce(t, client, numbered(0, 1)...)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestEveryRequestOfAnyClientPasses(t *testing.T) {
	var stream []byte
	for key := range int16(kmsg.MaxKey) {
		if kmsg.RequestForKey(key) != nil {
			stream = append(stream, request(key, 0, 8+int(key))...)
		}
	}
	for name, source := range map[string]io.Reader{"whole": bytes.NewReader(stream), "byte by byte": iotest.OneByteReader(bytes.NewReader(stream))} {
		passed, err := io.ReadAll(&requestReader{source: bufio.NewReader(source)})
		if err != nil || !bytes.Equal(passed, stream) {
			t.Errorf("%s: passed on %d of %d bytes, %v", name, len(passed), len(stream), err)
		}
	}
}

func FuzzRequestReader(f *testing.F) {
	for _, raw := range hostile {
		f.Add(raw)
	}
	f.Add(append(request(18, 3, 40), request(3, 12, 20)...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		passed, err := io.ReadAll(&requestReader{source: bufio.NewReader(bytes.NewReader(raw))})
		if !bytes.HasPrefix(raw, passed) {
			t.Fatalf("passed on %q, which is no beginning of %q", passed, raw)
		}
		if err == nil && len(passed) != len(raw) {
			t.Fatalf("kept back %d bytes and did not say why", len(raw)-len(passed))
		}
	})
}
