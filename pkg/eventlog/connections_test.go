package eventlog

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"go.uber.org/zap"

	"atlasstream/pkg/eventlog/security"
)

// A broker that does not answer during SASL is given up: kafka-go by itself would wait as long as the connection lasts.
func TestBrokerThatStopsWithinSASLIsGivenUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gaveUp := make(chan struct{})
	var broker sync.WaitGroup
	defer broker.Wait()
	defer listener.Close()
	broker.Go(func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		answerVersions(t, connection)
		_, _ = io.Copy(io.Discard, connection) // until the other side closes it
		close(gaveUp)
	})
	log, err := Open(Config{
		Brokers: []string{listener.Addr().String()}, Security: security.Config{SASL: security.Plain, User: "somebody", Password: "a password"},
	}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	broker.Go(func() { _, _ = log.metadata(t.Context(), ResultsTopic) })
	select {
	case <-gaveUp:
	case <-time.After(time.Minute):
		t.Error("the connection stays for ever")
	}
}

// answerVersions answers the first request of a connection as a broker does that knows SASL.
func answerVersions(t *testing.T, connection net.Conn) {
	t.Helper()
	version, correlation, _, _, err := protocol.ReadRequest(connection)
	if err != nil {
		t.Error(err)
		return
	}
	response := &apiversions.Response{ApiKeys: []apiversions.ApiKeyResponse{
		{ApiKey: int16(protocol.ApiVersions)}, {ApiKey: int16(protocol.SaslHandshake), MaxVersion: 1}, {ApiKey: int16(protocol.SaslAuthenticate), MaxVersion: 1},
		{ApiKey: int16(protocol.Metadata), MaxVersion: 8},
	}}
	if err := protocol.WriteResponse(connection, version, correlation, response); err != nil {
		t.Error(err)
	}
}
