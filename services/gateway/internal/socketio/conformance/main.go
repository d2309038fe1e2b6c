// Command conformance is the server against which the official test suites of Engine.IO and Socket.IO run; .ci/conformance starts it. Its settings are
// those that the suites name: https://github.com/socketio/engine.io-protocol and https://github.com/socketio/socket.io-protocol, README, "Test suite".
package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"time"

	"atlasstream/services/gateway/internal/socketio"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

const address = "localhost:3000"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until the process ends.
func run() error {
	settings := engineio.Config{
		PingInterval: 300 * time.Millisecond,
		PingTimeout:  200 * time.Millisecond,
		MaxPayload:   1_000_000,
		NewID:        rand.Text,
	}
	engine, err := engineio.NewServer(settings, echo)
	if err != nil {
		return err
	}
	server, err := socketio.NewServer(socketio.Config{
		Engine:         settings,
		ConnectTimeout: 1500 * time.Millisecond,
		Namespaces:     []string{"/", "/custom"},
		Attachments:    true,
	}, events{})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/engine.io/", engine)
	mux.Handle("/socket.io/", server)
	return (&http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: time.Second}).ListenAndServe()
}
