package gateway

import (
	"context"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/pkg/clientip"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCheckNamesEveryFault(t *testing.T) {
	err := Config{History: "all", HistoryBack: -1, MaxSubscriptions: -1, QueueBytes: -1, MaxClients: -1, WriteTimeout: -1, Origins: []string{"atlas.example", "https://atlas.example/page"}}.Check()
	if err == nil {
		t.Fatal("faulty settings are accepted")
	}
	for _, fault := range []string{"kafka: brokers: none given", "max-subscriptions: got -1", `history: got "all"`, "history-back: got -1ns, want 0 or more", "queue-bytes: got -1", "max-clients: got -1", "write-timeout: got -1ns", `got "atlas.example"`, `/page"`} {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("%q is not in %v", fault, err)
		}
	}
}

func TestCheckNamesSettingsThatContradictOthers(t *testing.T) {
	kafka := []string{"localhost:9092"}
	for want, cfg := range map[string]Config{
		`history: got "token" without tokens`:                                           {History: HistoryToken},
		`admin: got "127.0.0.1:8080", want another port than that of --listen, ":8080"`: {Admin: "127.0.0.1:8080"},
		`listen: got "8080", want host:port`:                                            {Listen: "8080"},
		"backlog: got -5m, want 0 or more":                                              {Backlog: -5 * time.Minute},
		"backlog: got 2h0m0s, want at most behind-time, 1h0m0s":                         {Backlog: 2 * time.Hour},
		"ping-timeout: got 2562047h47m16.854775807s, want at most 876000h":              {PingTimeout: math.MaxInt64},
		"queue-bytes: got 9223372036854775807, want at most 109951162777":               {QueueBytes: math.MaxInt},
		`trusted-proxies: trusted proxy: got "proxy"`:                                   {Proxies: service.Proxies{TrustedProxies: []string{"proxy"}}},
		"cursor-key: got 5 bytes, want at least 16":                                     {CursorKey: "short"},
		"total-queue-bytes: got 1048576, want at least 16777216":                        {TotalQueueBytes: 1 << 20},
		`address-header: address header: got "X Y"`:                                     {Proxies: service.Proxies{AddressHeader: "X Y"}},
		"peers: given without --peer-key":                                               {Peers: []string{"192.0.2.1:8090"}},
		`peers: got "gateway:8090", want an IP address and a port`:                      {Peers: []string{"gateway:8090"}, PeerKey: "the secret of the peers"},
		"max-age: given without --peers":                                                {MaxAge: time.Hour},
		"peer-key-file: given beside --peer-key":                                        {PeerKey: "the secret of the peers", PeerKeyFile: "file"},
		"peer-key: got the secret of --cursor-key":                                      {PeerKey: "one secret for both", CursorKey: "one secret for both"},
		`peer-listen: got ":8080", want another port than that of --listen`:             {Peers: []string{"192.0.2.1:8090"}, PeerListen: ":8080"},
	} {
		cfg.Kafka = kafka
		if err := cfg.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if err := (Config{Kafka: kafka}).Check(); err != nil {
		t.Error(err)
	}
}

// However many connections are asked for, there are descriptors for the admin port, and one address has few of them where there are few.
func TestConnectionsFollowDescriptors(t *testing.T) {
	room := service.ConnectionsFor(service.Descriptors())
	for _, test := range []struct {
		cfg            Config
		total, address int
	}{
		{Config{MaxConnections: 1 << 30}, room, min(1000, room/16)},
		{Config{MaxConnections: 160}, 160, 10},
		{Config{MaxConnections: 160, AddressConnections: 100}, 160, 100},
		{Config{MaxClients: 100}, 1200, 75},
	} {
		got := test.cfg.withDefaults()
		if got.MaxConnections != test.total || got.AddressConnections != test.address {
			t.Errorf("%+v: %d, %d of an address; want %d, %d", test.cfg, got.MaxConnections, got.AddressConnections, test.total, test.address)
		}
	}
}

// What waits for clients has a quarter of the memory that there is, unless it is set.
func TestTotalQueueBytesFollowMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	for _, test := range []struct {
		memory int64
		cfg    Config
		want   int
	}{
		{math.MaxInt64, Config{}, 256 << 20},
		{900 << 20, Config{}, 225 << 20},
		{32 << 20, Config{}, minTotalQueueBytes},
		{900 << 20, Config{TotalQueueBytes: 1 << 30}, 1 << 30},
	} {
		debug.SetMemoryLimit(test.memory)
		if got := test.cfg.withDefaults(); got.TotalQueueBytes != test.want || got.AddressQueueBytes != test.want/4 {
			t.Errorf("with %d bytes of memory and %d set: got %d, and %d of an address, want %d and a quarter", test.memory, test.cfg.TotalQueueBytes,
				got.TotalQueueBytes, got.AddressQueueBytes, test.want)
		}
	}
}

// Without Kafka, a gateway runs, serves its page, is not ready, and stops when it is told to.
func TestRunWithoutKafka(t *testing.T) {
	public, admin := listen(t), listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Config{Kafka: []string{"127.0.0.1:1"}, Listener: public, AdminListener: admin, Logger: zaptest.NewLogger(t)})
	}()
	for path, want := range map[string]struct {
		status int
		part   string
	}{
		"http://" + public.Addr().String() + "/":                                          {http.StatusOK, "atlas-stream"},
		"http://" + public.Addr().String() + "/stream/":                                   {http.StatusBadRequest, "[missing_parameter] msm"},
		"http://" + public.Addr().String() + "/stream/socket.io/?EIO=2&transport=polling": {http.StatusBadRequest, "Unsupported protocol version"},
		"http://" + public.Addr().String() + "/metrics":                                   {http.StatusNotFound, ""},
		"http://" + public.Addr().String() + "/api/gateway":                               {http.StatusOK, `"kafka":{"reachable":false,"since":`},
		"http://" + admin.Addr().String() + "/healthz":                                    {http.StatusOK, ""},
		"http://" + admin.Addr().String() + "/readyz":                                     {http.StatusServiceUnavailable, ""},
		"http://" + admin.Addr().String() + "/metrics":                                    {http.StatusOK, "atlas_gateway_queued_bytes"},
	} {
		status, body := get(t, path)
		if status != want.status || !strings.Contains(body, want.part) {
			t.Errorf("%s: %d %.200q, want %d and %q", path, status, body, want.status, want.part)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// One rule says which pages may use the gateway, whatever they request and whatever the response.
func TestOriginsAtEveryEndpoint(t *testing.T) {
	const page, evil = "https://page.example", "https://evil.example"
	g := &gateway{cfg: Config{Kafka: []string{"127.0.0.1:1"}, Origins: []string{page}}.withDefaults()}
	log, err := eventlog.Open(eventlog.Config{Brokers: g.cfg.Kafka}, g.cfg.Logger, g.cfg.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	if g, err = newGateway(g.cfg, log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.stopClients(context.Background()); _ = g.closeLog() })
	routes := g.routes()
	for _, path := range []string{
		"/", "/nowhere", "/socket.io.js", "/stream", "/stream/", "/stream/?msm=all", "//stream/?msm=all", "/stream/socket.io/socket.io.js",
		"/stream/socket.io/?EIO=4&transport=polling", "/stream/socket.io/?EIO=4&transport=polling&sid=unknown",
		"/api/gateway", "/api/nowhere", "/api/gateway?no=parameter",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut} {
			for origin, allowed := range map[string]string{"": "*", page: page, evil: ""} {
				request := httptest.NewRequest(method, "http://atlas.example"+path, nil)
				request.Header.Set("Origin", origin)
				answer := httptest.NewRecorder()
				routes.ServeHTTP(answer, request)
				if got := answer.Header().Get("Access-Control-Allow-Origin"); got != allowed || (answer.Code == http.StatusForbidden) != (origin == evil) {
					t.Errorf("%s %s from %q: got %d and %q", method, path, origin, answer.Code, got)
				}
				if got := answer.Header().Get("Access-Control-Allow-Credentials"); (got == "true") != (origin == page) {
					t.Errorf("%s %s from %q: credentials are %q", method, path, origin, got)
				}
			}
		}
	}
}

func TestRunRefusesAPortThatIsTaken(t *testing.T) {
	taken := listen(t)
	defer taken.Close()
	err := Run(context.Background(), Config{Kafka: []string{"127.0.0.1:1"}, Listen: "127.0.0.1:0", Admin: taken.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("got %v, want an error that names the address", err)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// Errors of net/http, such as that no file descriptors are left or that a handler panicked, are in the operator's log.
func TestServerErrorsAreLogged(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	proxies, err := clientip.NewProxies(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{cfg: Config{Logger: zap.New(core)}, proxies: proxies}
	g.server().ErrorLog.Print("http: Accept error: too many open files")
	if logs.Len() != 1 {
		t.Errorf("%d lines in the log, want one", logs.Len())
	}
}
