package matrix

import (
	"slices"
	"strings"
	"testing"

	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/testcluster"
)

// clientConfig is one cell of the matrix: a client and its transports.
type clientConfig struct {
	name          string
	start         func(t *testing.T, cluster *testcluster.Cluster) *realclient.Client
	before, after string // what the client writes around the parameters of a subscription
	polls         bool   // it polls, at least at first
	upgrades      upgrade
	reconnects    reconnection
}

// upgrade is when a client upgrades from polling to a WebSocket.
type upgrade int

const (
	never upgrade = iota
	first         // before it does anything else
	later         // while results arrive
)

// reconnection is what a client does automatically after it was disconnected.
type reconnection int

const (
	reconnectsOnly reconnection = iota
	resubscribes
	doesNotReconnect
)

const (
	plainBefore, plainAfter = `{"stream_type":"result",`, `}`
	// AtlasStream of ripe.atlas.cousteau adds to the parameters.
	cousteauBefore, cousteau1After, cousteau2After = `{`, `,"stream_type":"result","buffering":true}`, `,"stream_type":"result"}`
)

// clientConfigs are the whole matrix, except clients that only receive (get_test.go).
func clientConfigs() []clientConfig {
	return slices.Concat(nodeConfigs(), browserConfigs(), pythonConfigs(), cousteauConfigs(), []clientConfig{
		{name: "WebSocket", start: realclient.DialWebSocket, before: plainBefore, after: plainAfter, reconnects: doesNotReconnect},
	})
}

func nodeConfigs() (all []clientConfig) {
	for _, version := range []string{"1.4", "1.7", "2.5", "3.1", "4.8"} {
		start := func(transports ...string) func(*testing.T, *testcluster.Cluster) *realclient.Client {
			return func(t *testing.T, cluster *testcluster.Cluster) *realclient.Client {
				return realclient.StartNode(t, cluster, version, transports...)
			}
		}
		name := "socket.io-client " + version
		all = append(all,
			clientConfig{name: name + ", WebSocket", start: start("websocket"), before: plainBefore, after: plainAfter},
			clientConfig{name: name + ", polling", start: start("polling"), before: plainBefore, after: plainAfter, polls: true},
			clientConfig{name: name + ", upgrade", start: start("polling", "websocket"), before: plainBefore, after: plainAfter, polls: true, upgrades: later},
		)
	}
	return all
}

// browserConfigs are the browser builds. That of 3.1 connects in the same way as that of 4.8.
func browserConfigs() (all []clientConfig) {
	for _, version := range []string{"1.4", "1.7", "2.5", "4.8"} {
		all = append(all, clientConfig{
			name: "socket.io-client " + version + " in Chromium, upgrade",
			start: func(t *testing.T, cluster *testcluster.Cluster) *realclient.Client {
				return realclient.StartBrowser(t, "http://"+cluster.Public, version, "polling", "websocket")
			},
			before: plainBefore, after: plainAfter, polls: true, upgrades: later,
		})
	}
	return all
}

func pythonConfigs() (all []clientConfig) {
	for _, release := range []struct{ version, environment string }{{"4", "cousteau-1.5"}, {"5", "cousteau-2"}} {
		start := func(transports ...string) func(*testing.T, *testcluster.Cluster) *realclient.Client {
			return func(t *testing.T, cluster *testcluster.Cluster) *realclient.Client {
				return realclient.StartPython(t, release.environment, "socketio_client.py", slices.Concat([]string{"http://" + cluster.Public}, transports)...)
			}
		}
		name := "python-socketio " + release.version
		all = append(all,
			clientConfig{name: name + ", WebSocket", start: start("websocket"), before: plainBefore, after: plainAfter},
			clientConfig{name: name + ", polling", start: start("polling"), before: plainBefore, after: plainAfter, polls: true},
			clientConfig{name: name + ", upgrade", start: start("polling", "websocket"), before: plainBefore, after: plainAfter, upgrades: first},
		)
	}
	return all
}

func cousteauConfigs() []clientConfig {
	start := func(version string, arguments ...string) func(*testing.T, *testcluster.Cluster) *realclient.Client {
		script := "cousteau_" + strings.ReplaceAll(version, ".", "_") + ".py"
		return func(t *testing.T, cluster *testcluster.Cluster) *realclient.Client {
			return realclient.StartPython(t, "cousteau-"+version, script, slices.Concat([]string{"http://" + cluster.Public}, arguments)...)
		}
	}
	return []clientConfig{
		{
			name: "ripe.atlas.cousteau 1.4, upgrade", start: start("1.4", "websocket"),
			before: cousteauBefore, after: cousteau1After, upgrades: first, reconnects: resubscribes,
		},
		{
			name: "ripe.atlas.cousteau 1.4, polling", start: start("1.4", "xhr-polling"),
			before: cousteauBefore, after: cousteau1After, polls: true, reconnects: resubscribes,
		},
		{
			name: "ripe.atlas.cousteau 1.5, WebSocket", start: start("1.5", "websocket"),
			before: cousteauBefore, after: cousteau1After, reconnects: resubscribes,
		},
		{
			name: "ripe.atlas.cousteau 1.5, polling", start: start("1.5", "polling"),
			before: cousteauBefore, after: cousteau1After, polls: true, reconnects: resubscribes,
		},
		{name: "ripe.atlas.cousteau 2, WebSocket", start: start("2"), before: cousteauBefore, after: cousteau2After, reconnects: doesNotReconnect},
	}
}
