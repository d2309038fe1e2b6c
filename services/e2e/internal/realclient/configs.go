package realclient

import (
	"slices"
	"strings"
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

// Config is one cell of the matrix: a client and its transports.
type Config struct {
	Name          string
	Start         func(t *testing.T, cluster *testcluster.Cluster) *Client
	Before, After string // what the client writes around the parameters of a subscription
	Polls         bool   // it polls, at least at first
	Upgrades      Upgrade
	Reconnects    Reconnection
	Recovers      bool // its subscriptions, after it has reconnected, if it had cursors
}

// Upgrade is when a client upgrades from polling to a WebSocket.
type Upgrade int

// When clients upgrade.
const (
	Never Upgrade = iota
	First         // before it does anything else
	Later         // while results arrive
)

// Reconnection is what a client does automatically after it was disconnected.
type Reconnection int

// How clients come back.
const (
	ReconnectsOnly Reconnection = iota
	Resubscribes
	DoesNotReconnect
)

const (
	plainBefore, plainAfter = `{"stream_type":"result",`, `}`
	// AtlasStream of ripe.atlas.cousteau adds to the parameters.
	cousteauBefore, cousteau1After, cousteau2After = `{`, `,"stream_type":"result","buffering":true}`, `,"stream_type":"result"}`
)

// Configs are the whole matrix, except clients that only receive (get_test.go).
func Configs() []Config {
	return slices.Concat(NodeConfigs(), BrowserConfigs(), PythonConfigs(), CousteauConfigs(), []Config{
		{Name: "WebSocket", Start: DialWebSocket, Before: plainBefore, After: plainAfter, Reconnects: DoesNotReconnect},
	})
}

// NodeConfigs are the clients from npm.
func NodeConfigs() (all []Config) {
	for _, version := range []string{"1.4", "1.7", "2.5", "3.1", "4.8"} {
		start := func(transports ...string) func(*testing.T, *testcluster.Cluster) *Client {
			return func(t *testing.T, cluster *testcluster.Cluster) *Client {
				return StartNode(t, cluster, version, transports...)
			}
		}
		recovers := version == "4.8"
		name := "socket.io-client " + version
		all = append(all,
			Config{Name: name + ", WebSocket", Start: start("websocket"), Before: plainBefore, After: plainAfter, Recovers: recovers},
			Config{Name: name + ", polling", Start: start("polling"), Before: plainBefore, After: plainAfter, Polls: true, Recovers: recovers},
			Config{Name: name + ", upgrade", Start: start("polling", "websocket"), Before: plainBefore, After: plainAfter, Polls: true, Upgrades: Later, Recovers: recovers},
		)
	}
	return all
}

// BrowserConfigs are the browser builds. That of 3.1 connects in the same way as that of 4.8.
func BrowserConfigs() (all []Config) {
	for _, version := range []string{"1.4", "1.7", "2.5", "4.8"} {
		all = append(all, Config{
			Name: "socket.io-client " + version + " in Chromium, upgrade",
			Start: func(t *testing.T, cluster *testcluster.Cluster) *Client {
				return StartBrowser(t, "http://"+cluster.Public, version, "polling", "websocket")
			},
			Before: plainBefore, After: plainAfter, Polls: true, Upgrades: Later,
		})
	}
	return all
}

// PythonConfigs are those from PyPI.
func PythonConfigs() (all []Config) {
	for _, release := range []struct{ version, environment string }{{"4", "cousteau-1.5"}, {"5", "cousteau-2"}} {
		start := func(transports ...string) func(*testing.T, *testcluster.Cluster) *Client {
			return func(t *testing.T, cluster *testcluster.Cluster) *Client {
				return StartPython(t, release.environment, "socketio_client.py", slices.Concat([]string{"http://" + cluster.Public}, transports)...)
			}
		}
		name := "python-socketio " + release.version
		all = append(all,
			Config{Name: name + ", WebSocket", Start: start("websocket"), Before: plainBefore, After: plainAfter},
			Config{Name: name + ", polling", Start: start("polling"), Before: plainBefore, After: plainAfter, Polls: true},
			Config{Name: name + ", upgrade", Start: start("polling", "websocket"), Before: plainBefore, After: plainAfter, Upgrades: First},
		)
	}
	return all
}

// CousteauConfigs are those of RIPE.
func CousteauConfigs() []Config {
	start := func(version string, arguments ...string) func(*testing.T, *testcluster.Cluster) *Client {
		script := "cousteau_" + strings.ReplaceAll(version, ".", "_") + ".py"
		return func(t *testing.T, cluster *testcluster.Cluster) *Client {
			return StartPython(t, "cousteau-"+version, script, slices.Concat([]string{"http://" + cluster.Public}, arguments)...)
		}
	}
	return []Config{
		{
			Name: "ripe.atlas.cousteau 1.4, upgrade", Start: start("1.4", "websocket"),
			Before: cousteauBefore, After: cousteau1After, Upgrades: First, Reconnects: Resubscribes,
		},
		{
			Name: "ripe.atlas.cousteau 1.4, polling", Start: start("1.4", "xhr-polling"),
			Before: cousteauBefore, After: cousteau1After, Polls: true, Reconnects: Resubscribes,
		},
		{
			Name: "ripe.atlas.cousteau 1.5, WebSocket", Start: start("1.5", "websocket"),
			Before: cousteauBefore, After: cousteau1After, Reconnects: Resubscribes,
		},
		{
			Name: "ripe.atlas.cousteau 1.5, polling", Start: start("1.5", "polling"),
			Before: cousteauBefore, After: cousteau1After, Polls: true, Reconnects: Resubscribes,
		},
		{Name: "ripe.atlas.cousteau 2, WebSocket", Start: start("2"), Before: cousteauBefore, After: cousteau2After, Reconnects: DoesNotReconnect},
	}
}
