package gateway

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap/zaptest"
)

// A client's connection ends with its token, though the gateway runs on.
func TestConnectionsEndWithTheirToken(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "tokens.json")
	writeTokens := func(file string) {
		if err := os.WriteFile(tokens, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writeTokens(`[{"name":"noc","token":"SxyJxUAD2BFoF2gZ8Tbz","roles":["history"]}]`)
	public, admin := listen(t), listen(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Config{
			Kafka: []string{"127.0.0.1:1"}, Listener: public, AdminListener: admin, Tokens: tokens, Logger: zaptest.NewLogger(t),
		})
	}()
	client, response, err := websocket.DefaultDialer.Dial("ws://"+public.Addr().String()+"/stream/?token=SxyJxUAD2BFoF2gZ8Tbz", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_ = response.Body.Close()
	writeTokens(`[]`)
	_ = client.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, last, err := client.ReadMessage(); err != nil || !strings.HasPrefix(string(last), `["atlas_error","[invalid_token] `) {
		t.Errorf("got %q, %v", last, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
