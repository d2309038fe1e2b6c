package matrix

import (
	"net/url"
	"testing"

	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
)

// A page in Chromium sends its token among the subprotocols of its WebSocket. The gateway answers with a subprotocol, without which the browser would close it.
func TestWebSocketOfAPageHasAToken(t *testing.T) {
	t.Parallel()
	const token = "with/characters=that+no-subprotocol~has"
	tokens := testcluster.WriteTokens(t, `[{"name":"page","token":"`+token+`","roles":["non-public"]}]`)
	kafka := testcluster.Brokers["embedded"](t)
	testcluster.Start(t, kafka)
	cluster := testcluster.StartGateway(t, kafka, gateway.Config{Tokens: tokens})
	address := "ws://" + cluster.Public + "/stream/"
	page := realclient.StartBrowser(t, address, "websocket", "atlas", "bearer."+url.QueryEscape(token))
	page.SubscribeWith(t, `{"msm":1001}`)
	guesser := realclient.StartProcess(t, "node", "../clients/browser/client.cjs", address, "websocket", "atlas", "bearer.guessed")
	if event, _ := guesser.Receive(t); event != "disconnect" {
		t.Errorf("with a wrong token: received %s", event)
	}
}
