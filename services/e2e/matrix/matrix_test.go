package matrix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/netproxy"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/testcluster"
)

// Every client subscribes, receives, is disconnected and reconnects, receives an error and unsubscribes, on each of its transports and through an upgrade.
func TestEveryClientOnEveryTransport(t *testing.T) {
	cluster := testcluster.Start(t, testcluster.StartBroker(t, embedded.Config{}).Addrs())
	var measurement atomic.Int64
	measurement.Store(100_000_000)
	var atOnce errgroup.Group
	atOnce.SetLimit(6)
	for _, config := range realclient.Configs() {
		atOnce.Go(func() error {
			t.Run(config.Name, func(t *testing.T) { check(t, &config, cluster, measurement.Add(1)) })
			return nil
		})
	}
	_ = atOnce.Wait() // the subtests have failed themselves
}

// Every client stays connected while it receives nothing: heartbeats go in the direction of its revision of Engine.IO.
func TestEveryClientKeepsTheConnection(t *testing.T) {
	const pingTimeout = 10 * time.Second // other load may delay a client
	cluster := startWithTimeouts(t, pingTimeout, nil)
	var atOnce errgroup.Group
	for i, config := range slices.Concat(realclient.NodeConfigs(), realclient.PythonConfigs(), realclient.CousteauConfigs()) {
		atOnce.Go(func() error {
			t.Run(config.Name, func(t *testing.T) {
				session := &matrixSession{Config: &config, cluster: cluster, measurement: 300_000_000 + int64(i), client: config.Start(t, cluster)}
				session.client.SubscribeWith(t, session.parameters(`"msm":%d`))
				expectSilence(t, session.client, pingInterval+pingTimeout+time.Second)
				session.exchange(t, 1)
			})
			return nil
		})
	}
	_ = atOnce.Wait() // the subtests have failed themselves
}

func expectSilence(t *testing.T, c *realclient.Client, duration time.Duration) {
	t.Helper()
	over := time.After(duration)
	for {
		select {
		case message := <-c.Received:
			if !bytes.HasPrefix(message, []byte(`["upgrade"`)) {
				t.Fatalf("received %s", message)
			}
		case <-over:
			return
		}
	}
}

// matrixSession is one client in the matrix and what it has received.
type matrixSession struct {
	*realclient.Config
	client           *realclient.Client
	cluster          *testcluster.Cluster
	proxy            *netproxy.Proxy
	measurement      int64
	posted, received int // results, which are numbered
}

func check(t *testing.T, c *realclient.Config, cluster *testcluster.Cluster, measurement int64) {
	session := &matrixSession{Config: c, cluster: cluster, proxy: netproxy.Start(t, cluster.Public), measurement: measurement}
	if c.Upgrades != realclient.Later {
		session.proxy.AllowUpgrades()
	}
	session.startClient(t)
	subscription := session.parameters(`"msm":%d`)
	session.client.SubscribeWith(t, subscription)
	session.exchange(t, 10)
	if c.Upgrades == realclient.Later {
		session.upgrade(t)
	}
	session.exchangeBurst(t)
	session.reconnect(t, subscription)
	session.exchange(t, 10)
	session.causeError(t)
	session.unsubscribe(t, subscription)
	if c.Upgrades != realclient.Never && !session.client.Upgraded {
		t.Error("there was no upgrade")
	}
}

// startClient starts the client behind the proxy.
func (s *matrixSession) startClient(t *testing.T) {
	t.Helper()
	proxied := s.cluster.At(s.proxy.Address)
	s.client = s.Start(t, proxied)
}

// parameters are those of a subscription, as this client writes them.
func (s *matrixSession) parameters(own string) string {
	return s.Before + fmt.Sprintf(own, s.measurement) + s.After
}

// exchange posts results one after the other, and then receives them.
func (s *matrixSession) exchange(t *testing.T, count int) {
	t.Helper()
	s.post(t, count)
	for s.received < s.posted {
		s.receive(t)
	}
}

func (s *matrixSession) post(t *testing.T, count int) {
	t.Helper()
	for range count {
		s.posted++
		s.cluster.MustPost(t, s.result(s.posted))
	}
}

func (s *matrixSession) receive(t *testing.T) {
	t.Helper()
	s.received++
	s.client.Expect(t, fmt.Sprintf(`["atlas_result",%s]`, s.result(s.received)))
}

// result is a numbered result, which must arrive byte by byte as it was posted.
func (s *matrixSession) result(number int) []byte {
	return fmt.Appendf(nil, `{"msm_id":%d,"prb_id":1,"timestamp":1787541897,"type":"ping","é√😀":"é√😀","number":%d}`, s.measurement, number)
}

// exchangeBurst makes the gateway send many messages at once: old clients read no more than 16 packets of a poll.
func (s *matrixSession) exchangeBurst(t *testing.T) {
	t.Helper()
	var results [][]byte
	for range 50 {
		s.posted++
		results = append(results, s.result(s.posted))
	}
	s.cluster.MustPost(t, results...)
	for s.received < s.posted {
		s.receive(t)
	}
}

// upgrade lets the client upgrade to a WebSocket while results arrive.
func (s *matrixSession) upgrade(t *testing.T) {
	t.Helper()
	await.Signal(t, s.proxy.UpgradeRequest.Reached, "the request of an upgrade")
	s.exchange(t, 10)
	s.proxy.UpgradeRequest.Open()
	await.Signal(t, s.proxy.UpgradeAnswer.Reached, "the answer to a probe")
	s.post(t, 10)
	s.proxy.UpgradeAnswer.Open()
	for deadline := time.Now().Add(await.Patience); !s.client.Upgraded; s.receive(t) {
		if s.post(t, 1); time.Now().After(deadline) {
			t.Fatal("there is no upgrade")
		}
	}
	s.exchange(t, 10)
}

// reconnect disconnects the client, and waits until it is subscribed again.
func (s *matrixSession) reconnect(t *testing.T, subscription string) {
	t.Helper()
	s.proxy.Cut()
	if s.Polls { // it does not notice a failure between two requests
		s.awaitDisconnect(t)
	}
	s.proxy.Restore()
	if s.Reconnects == realclient.DoesNotReconnect {
		s.client.Close()
		s.startClient(t)
	} else {
		s.client.Expect(t, `["connect"]`)
	}
	if s.Reconnects != realclient.Resubscribes {
		s.client.Emit("atlas_subscribe", json.RawMessage(subscription))
	}
	s.client.Expect(t, fmt.Sprintf(`["atlas_subscribed",%s]`, subscription))
}

func (s *matrixSession) awaitDisconnect(t *testing.T) {
	t.Helper()
	if event, payload := s.client.Receive(t); event != "disconnect" {
		t.Fatalf("received %s %s", event, payload)
	}
}

// causeError subscribes with an invalid parameter, which the error must quote as the client wrote it.
func (s *matrixSession) causeError(t *testing.T) {
	t.Helper()
	s.client.Emit("atlas_subscribe", json.RawMessage(s.Before+`"msm":"é√😀"`+s.After))
	event, payload := s.client.Next(t)
	var text string
	if err := json.Unmarshal(payload, &text); err != nil || event != "atlas_error" {
		t.Fatalf("received %s %s", event, payload)
	}
	if !strings.Contains(text, `msm: got "é√😀"`) && !strings.Contains(text, `msm: got "\u00e9\u221a\ud83d\ude00"`) {
		t.Fatalf("received the error %q", text)
	}
}

// unsubscribe ends the subscription. Of two results after that, only the one of another subscription arrives.
func (s *matrixSession) unsubscribe(t *testing.T, subscription string) {
	t.Helper()
	s.client.SubscribeWith(t, s.parameters(`"msm":%d,"prb":2,"acceptedFields":["é√😀","prb_id"]`))
	s.client.Emit("atlas_unsubscribe", json.RawMessage(subscription))
	s.client.Expect(t, fmt.Sprintf(`["atlas_unsubscribed",%s]`, subscription))
	s.post(t, 1)
	s.cluster.MustPost(t, []byte(strings.Replace(string(s.result(1)), `"prb_id":1`, `"prb_id":2`, 1)))
	s.client.Expect(t, `["atlas_result",{"prb_id":2,"é√😀":"é√😀"}]`)
}
