package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/bench/internal/ipc"
	"atlasstream/services/bench/internal/pace"
)

// writeTimeout is how long a message may wait for a server that reads no more.
const writeTimeout = 5 * time.Second

// sender sends again and again.
type sender struct {
	send    func(ctx context.Context) error // an error is one of the server's refusals, and no reason to stop
	window  *ipc.Window                     // once it runs
	within  int                             // messages that were sent within the window
	conns   []*websocket.Conn
	reads   sync.WaitGroup
	read    chan struct{} // gets something with each pong, and each connection that ends
	finish  func()        // waits for what send has begun; may be nil
	answers *answers      // to what send asks for; may be nil
}

const maxConns = 1000

func newSender() *sender { return &sender{read: make(chan struct{}, maxConns)} }

func (s *sender) run(ctx context.Context, perSecond int, window *ipc.Window) error {
	s.window = window
	if perSecond == 0 {
		return idle(ctx)
	}
	return pace.New(perSecond).Run(ctx, func(due int) error {
		for range due {
			if ctx.Err() == nil && s.send(ctx) == nil && isWithin(window) {
				s.within++
			}
		}
		return nil
	})
}

// attacked is what the server took: the answers that it gave, or the messages that were sent.
func (s *sender) attacked() ipc.Attacked {
	if s.answers == nil {
		return ipc.Attacked{Messages: s.within}
	}
	s.finish()
	return ipc.Attacked{Messages: int(s.answers.given.Load()), Refused: int(s.answers.refused.Load())}
}

// dial connects, and throws away what comes.
func (s *sender) dial(ctx context.Context, address, path string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{NetDialContext: source.DialContext, HandshakeTimeout: writeTimeout}
	conn, response, err := dialer.DialContext(ctx, "ws://"+address+path, nil)
	if err != nil {
		return nil, err
	}
	_ = response.Body.Close() // it has none
	s.conns = append(s.conns, conn)
	conn.SetPongHandler(func(string) error { s.noteRead(); return nil })
	s.reads.Go(func() {
		defer s.noteRead()
		for {
			if _, _, err := conn.NextReader(); err != nil {
				return
			}
		}
	})
	return conn, nil
}

func (s *sender) noteRead() {
	select {
	case s.read <- struct{}{}:
	default:
	}
}

func (s *sender) close() {
	for _, conn := range s.conns {
		_ = conn.Close() // an error needs no action
	}
	s.reads.Wait()
	if s.finish != nil {
		s.finish()
	}
}

func write(conn *websocket.Conn, text string) error {
	if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return conn.WriteMessage(websocket.TextMessage, []byte(text))
}

// endpoint is a path of the gateway, and the first message.
type endpoint struct{ path, greeting string }

var (
	plain     = endpoint{path: "/stream/"}
	socketIO3 = endpoint{path: "/stream/socket.io/?EIO=3&transport=websocket"}
	socketIO4 = endpoint{path: "/stream/socket.io/?EIO=4&transport=websocket", greeting: "40"}
)

func (s *sender) connect(ctx context.Context, address string, endpoint endpoint) (*websocket.Conn, error) {
	conn, err := s.dial(ctx, address, endpoint.path)
	if err != nil || endpoint.greeting == "" {
		return conn, err
	}
	return conn, write(conn, endpoint.greeting)
}

// sending sends texts in turn over one connection, and over a new one where the server has closed it.
func sending(endpoint endpoint, texts ...string) func(context.Context, string) (*sender, error) {
	return func(ctx context.Context, address string) (*sender, error) {
		s := newSender()
		conn, err := s.connect(ctx, address, endpoint)
		next := 0
		s.send = func(ctx context.Context) (err error) {
			if conn == nil {
				if conn, err = s.connect(ctx, address, endpoint); err != nil {
					conn = nil
					return err
				}
			}
			if err = write(conn, texts[next%len(texts)]); err != nil {
				conn = nil
				return err
			}
			next++
			return nil
		}
		return s, err
	}
}

// subscribed has each of some clients subscribe to everything, as fast as an address may.
func subscribed(clients int, subscriptions func(client int) []string) func(context.Context, string) (*sender, error) {
	return func(ctx context.Context, address string) (*sender, error) {
		s := newSender()
		for client := range clients {
			conn, err := s.dial(ctx, address, plain.path)
			if err != nil {
				return s, err
			}
			for _, parameters := range subscriptions(client) {
				if err := write(conn, `["atlas_subscribe",`+parameters+`]`); err != nil {
					return s, err
				}
			}
		}
		return s, s.awaitRead(ctx)
	}
}

// awaitRead waits until the server has read everything, as far as it answers pings or closes connections.
func (s *sender) awaitRead(ctx context.Context) error {
	const longest = 20 * time.Second
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	for _, conn := range s.conns {
		if err := conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)); err != nil {
			return err
		}
	}
	for range s.conns {
		select {
		case <-s.read:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// posting posts the same compressed body.
func posting(_ context.Context, address string) (*sender, error) {
	body, err := emptyRecords()
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: source.DialContext}}
	return &sender{send: func(ctx context.Context) error { return post(ctx, client, "http://"+address+"/v1/results", body) }}, nil
}

// idle waits for the end of the attack.
func idle(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func isWithin(window *ipc.Window) bool { return window.Contains(time.Now().UnixMicro()) }
