package e2e

import (
	"slices"
	"strings"
	"testing"
)

// seat is a client, and a way of it to connect, in the matrix.
type seat struct {
	name          string
	start         func(t *testing.T, h *house) *client
	before, after string // what the client writes around the parameters of a subscription
	polls         bool   // it is connected by polling, be it at first
	upgrades      upgrade
	comesBack     comeback
}

// upgrade tells when a client upgrades from polling to a WebSocket.
type upgrade int

const (
	never upgrade = iota
	first         // before it does anything else
	later         // while it works
)

// comeback is what a client does by itself when it was cut off.
type comeback int

const (
	connects comeback = iota
	subscribes
	nothing
)

const (
	plainBefore, plainAfter = `{"stream_type":"result",`, `}`
	// AtlasStream adds to what it is given.
	cousteauBefore, cousteau1After, cousteau2After = `{`, `,"stream_type":"result","buffering":true}`, `,"stream_type":"result"}`
)

// seats are the whole matrix but for what hears only (clients_get_test.go).
func seats() []seat {
	return slices.Concat(nodeSeats(), browserSeats(), pythonSeats(), cousteauSeats(), []seat{
		{name: "WebSocket", start: dialWebSocket, before: plainBefore, after: plainAfter, comesBack: nothing},
	})
}

func nodeSeats() (all []seat) {
	for _, version := range []string{"1.4", "1.7", "2.5", "3.1", "4.8"} {
		start := func(transports ...string) func(*testing.T, *house) *client {
			return func(t *testing.T, h *house) *client { return startNode(t, h, version, transports...) }
		}
		name := "socket.io-client " + version
		all = append(all,
			seat{name: name + ", WebSocket", start: start("websocket"), before: plainBefore, after: plainAfter},
			seat{name: name + ", polling", start: start("polling"), before: plainBefore, after: plainAfter, polls: true},
			seat{name: name + ", upgrade", start: start("polling", "websocket"), before: plainBefore, after: plainAfter, polls: true, upgrades: later},
		)
	}
	return all
}

// browserSeats are the browser builds. That of 3.1 connects as that of 4.8 does.
func browserSeats() (all []seat) {
	for _, version := range []string{"1.4", "1.7", "2.5", "4.8"} {
		all = append(all, seat{
			name: "socket.io-client " + version + " in Chromium, upgrade",
			start: func(t *testing.T, h *house) *client {
				return startBrowser(t, "http://"+h.public, version, "polling", "websocket")
			},
			before: plainBefore, after: plainAfter, polls: true, upgrades: later,
		})
	}
	return all
}

func pythonSeats() (all []seat) {
	for _, release := range []struct{ version, environment string }{{"4", "cousteau-1.5"}, {"5", "cousteau-2"}} {
		start := func(transports ...string) func(*testing.T, *house) *client {
			return func(t *testing.T, h *house) *client {
				return startPython(t, release.environment, "socketio_client.py", slices.Concat([]string{"http://" + h.public}, transports)...)
			}
		}
		name := "python-socketio " + release.version
		all = append(all,
			seat{name: name + ", WebSocket", start: start("websocket"), before: plainBefore, after: plainAfter},
			seat{name: name + ", polling", start: start("polling"), before: plainBefore, after: plainAfter, polls: true},
			seat{name: name + ", upgrade", start: start("polling", "websocket"), before: plainBefore, after: plainAfter, upgrades: first},
		)
	}
	return all
}

func cousteauSeats() []seat {
	start := func(version string, arguments ...string) func(*testing.T, *house) *client {
		script := "cousteau_" + strings.ReplaceAll(version, ".", "_") + ".py"
		return func(t *testing.T, h *house) *client {
			return startPython(t, "cousteau-"+version, script, slices.Concat([]string{"http://" + h.public}, arguments)...)
		}
	}
	return []seat{
		{
			name: "ripe.atlas.cousteau 1.4, upgrade", start: start("1.4", "websocket"),
			before: cousteauBefore, after: cousteau1After, upgrades: first, comesBack: subscribes,
		},
		{
			name: "ripe.atlas.cousteau 1.4, polling", start: start("1.4", "xhr-polling"),
			before: cousteauBefore, after: cousteau1After, polls: true, comesBack: subscribes,
		},
		{
			name: "ripe.atlas.cousteau 1.5, WebSocket", start: start("1.5", "websocket"),
			before: cousteauBefore, after: cousteau1After, comesBack: subscribes,
		},
		{
			name: "ripe.atlas.cousteau 1.5, polling", start: start("1.5", "polling"),
			before: cousteauBefore, after: cousteau1After, polls: true, comesBack: subscribes,
		},
		{name: "ripe.atlas.cousteau 2, WebSocket", start: start("2"), before: cousteauBefore, after: cousteau2After, comesBack: nothing},
	}
}
