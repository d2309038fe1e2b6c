package collector

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"atlasstream/pkg/eventlog/kafkatest"
	ingestv1 "atlasstream/proto/ingest/v1"
)

// The tokens of sources in these tests.
const (
	amsToken = "token-of-the-source-ams"
	labToken = "token-of-the-source-lab"
)

const sourcesFile = `[
	{"name":"ams","token":"` + amsToken + `","rights":["results","probestatus"]},
	{"name":"inventory","certificate":"inventory","rights":["registries"]},
	{"name":"lab","token":"` + labToken + `","certificate":"lab","rights":["results"],"measurements":[1001],"probes":[7]}
]`

// protected is a collector with sources and TLS.
type protected struct {
	*running
	authority *kafkatest.Authority
	sources   string // the file
}

func runProtected(t *testing.T, cfg Config) *protected {
	t.Helper()
	p := &protected{authority: kafkatest.NewAuthority(t), sources: filepath.Join(t.TempDir(), "sources.json")}
	p.write(t, sourcesFile)
	certificate, key := p.authority.Issue(t, "collector")
	cfg.Kafka, cfg.Partitions = broker(t, "").Addrs(), 1
	cfg.SourceSettings = SourceSettings{Sources: p.sources, TLSCert: certificate, TLSKey: key, ClientCA: p.authority.CA()}
	p.running = run(t, cfg)
	p.awaitReady(t)
	return p
}

// write replaces the file in one step, as operators are told to.
func (p *protected) write(t *testing.T, content string) {
	t.Helper()
	if err := os.WriteFile(p.sources+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(p.sources+".new", p.sources); err != nil {
		t.Fatal(err)
	}
}

// clientTLS has the certificate of that name, unless it is empty.
func (p *protected) clientTLS(t *testing.T, name string) *tls.Config {
	t.Helper()
	ca, err := os.ReadFile(p.authority.CA())
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	config.RootCAs.AppendCertsFromPEM(ca)
	if name != "" {
		certificate, err := tls.LoadX509KeyPair(p.authority.Issue(t, name))
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config
}

func (p *protected) client(t *testing.T, certificate string) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: p.clientTLS(t, certificate), ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (p *protected) sendAs(t *testing.T, client *http.Client, token, method, path, body string) (*http.Response, answer) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "https://"+p.http+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got answer
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return response, got
}

func TestSourcesOverHTTP(t *testing.T) {
	p := runProtected(t, Config{})
	for _, test := range []struct {
		name, token, certificate, method, path, body string
		status                                       int
		says                                         string
		rejected                                     int
	}{
		{"token", amsToken, "", http.MethodPost, "/v1/results", result(1), 200, "", 0},
		{"certificate", "", "inventory", http.MethodPut, "/v1/probes", `{"id":1}`, 200, "", 0},
		{"nothing", "", "", http.MethodPost, "/v1/results", result(1), 401, "want the header Authorization: Bearer TOKEN, or a client certificate", 0},
		{"unknown token", "x", "", http.MethodPost, "/v1/results", result(1), 401, "the token is that of no source", 0},
		{"unknown certificate", "", "stranger", http.MethodPost, "/v1/results", result(1), 401, "the certificate of localhost, stranger is that of no source", 0},
		{"without the right", amsToken, "", http.MethodPut, "/v1/probes", `{"id":1}`, 403, `source "ams" may not send here: want the right registries, got results, probestatus`, 0},
		{"another's results", labToken, "", http.MethodPost, "/v1/results", result(7) + "\n" + result(8), 200, "", 1},
	} {
		response, got := p.sendAs(t, p.client(t, test.certificate), test.token, test.method, test.path, test.body)
		if response.StatusCode != test.status || !strings.Contains(got.Error, test.says) || got.RejectedTotal != test.rejected || response.ProtoMajor != 2 {
			t.Errorf("%s: got %s over %s, %+v", test.name, response.Status, response.Proto, got)
		}
		if test.rejected > 0 && (got.Rejected[0].Line != 2 || got.Rejected[0].Reason != `prb_id: got 8, which is none of the probes of source "lab"`) {
			t.Errorf("%s: got %+v", test.name, got.Rejected)
		}
		if asked := response.Header.Get("WWW-Authenticate") == "Bearer"; asked != (test.status == 401) {
			t.Errorf("%s: asks for a token: %t", test.name, asked)
		}
	}
	for _, sample := range []string{
		`atlas_collector_source_records_total{outcome="accepted",source="ams",topic="atlas.results"} 1`,
		`atlas_collector_source_records_total{outcome="rejected",source="lab",topic="atlas.results"} 1`,
		`atlas_collector_source_refusals_total{reason="right",source="ams"} 1`,
		`atlas_collector_source_refusals_total{reason="unknown",source=""} 3`,
	} {
		if !strings.Contains(p.metrics(t), sample) {
			t.Errorf("the metrics lack %s", sample)
		}
	}
}

func (p *protected) dial(t *testing.T, certificate string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	options = append(options, grpc.WithTransportCredentials(credentials.NewTLS(p.clientTLS(t, certificate))))
	connection, err := grpc.NewClient(p.grpc, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := connection.Close(); err != nil {
			t.Error(err)
		}
	})
	return connection
}

func TestSourcesOverGRPC(t *testing.T) {
	p := runProtected(t, Config{})
	event := `{"type":"connection","event":"connect","prb_id":12,"timestamp":1426633200}`
	for _, test := range []struct {
		name, token, certificate string
		events                   bool
		code                     codes.Code
		says                     string
		rejected                 int64
	}{
		{"token", amsToken, "", false, codes.OK, "", 0},
		{"events", amsToken, "", true, codes.OK, "", 0},
		{"certificate", "", "lab", false, codes.OK, "", 1},
		{"nothing", "", "", false, codes.Unauthenticated, "want the header Authorization: Bearer TOKEN", 0},
		{"unknown token", "x", "", false, codes.Unauthenticated, "the token is that of no source", 0},
		{"unknown certificate", "", "stranger", false, codes.Unauthenticated, "is that of no source", 0},
		{"without the right", labToken, "", true, codes.PermissionDenied, `source "lab" may not send here: want the right probestatus, got results`, 0},
	} {
		ctx, connection := t.Context(), p.dial(t, test.certificate)
		if test.token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+test.token)
		}
		var (
			outcome *ingestv1.Outcome
			err     error
		)
		if client := ingestv1.NewIngestServiceClient(connection); test.events {
			var response *ingestv1.PublishProbeStatusResponse
			response, err = client.PublishProbeStatus(ctx, &ingestv1.PublishProbeStatusRequest{Events: [][]byte{[]byte(event)}})
			outcome = response.GetOutcome()
		} else {
			var response *ingestv1.PublishResultsResponse
			response, err = client.PublishResults(ctx, &ingestv1.PublishResultsRequest{Results: [][]byte{[]byte(result(7)), []byte(result(8))}})
			outcome = response.GetOutcome()
		}
		if status.Code(err) != test.code || err != nil && !strings.Contains(err.Error(), test.says) || outcome.GetRejectedTotal() != test.rejected {
			t.Errorf("%s: got %v, %v", test.name, outcome, err)
		}
		if _, err := healthv1.NewHealthClient(connection).Check(t.Context(), &healthv1.HealthCheckRequest{}); err != nil {
			t.Errorf("%s: everybody may ask for health: %v", test.name, err)
		}
	}
}

// While sources push, one is taken out of the file and another comes in; the third notices nothing.
func TestSourcesChangeWhilePushing(t *testing.T) {
	p := runProtected(t, Config{})
	client := p.client(t, "")
	status := func(token string) int {
		response, _ := p.sendAs(t, client, token, http.MethodPost, "/v1/results", result(7))
		return response.StatusCode
	}
	const newToken = "token-of-another-source"
	p.write(t, `[`) // faulty: what was valid stays so
	for _, file := range []string{
		`[{"name":"ams","token":"` + amsToken + `","rights":["results"]},{"name":"new","token":"` + newToken + `","rights":["results"]}]`, sourcesFile,
	} {
		if got := status(labToken); got != http.StatusOK && file != sourcesFile {
			t.Errorf("a source of before got %d", got)
		}
		p.write(t, file)
		isNew := file != sourcesFile
		await(t, func() bool {
			if got := status(amsToken); got != http.StatusOK {
				t.Fatalf("the source that stays got %d", got)
			}
			return (status(newToken) == http.StatusOK) == isNew && (status(labToken) == http.StatusOK) == !isNew
		})
	}
}

// Certificates are renewed while the collector runs: new connections use them, both ways.
func TestCertificatesAreRenewed(t *testing.T) {
	p := runProtected(t, Config{})
	before := p.client(t, "inventory")
	if response, got := p.sendAs(t, before, "", http.MethodPut, "/v1/probes", `{"id":1}`); response.StatusCode != http.StatusOK {
		t.Fatalf("got %s, %+v", response.Status, got)
	}
	p.authority.Renew(t)
	await(t, func() bool {
		connection, err := (&tls.Dialer{Config: p.clientTLS(t, "inventory")}).DialContext(t.Context(), "tcp", p.http)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	})
	if response, got := p.sendAs(t, p.client(t, "inventory"), "", http.MethodPut, "/v1/probes", `{"id":1}`); response.StatusCode != http.StatusOK {
		t.Errorf("got %s, %+v", response.Status, got)
	}
	former := p.clientTLS(t, "")
	former.Certificates = before.Transport.(*http.Transport).TLSClientConfig.Certificates
	connection, err := (&tls.Dialer{Config: former}).DialContext(t.Context(), "tcp", p.http)
	if err == nil { // in TLS 1.3, a client learns only now
		_, err = connection.Read(make([]byte, 1))
		_ = connection.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "unknown certificate authority") {
		t.Errorf("a certificate of the former authority: %v", err)
	}
}

// Old connections are closed between requests, and no request fails for that.
func TestOldConnectionsAreClosed(t *testing.T) {
	p := runProtected(t, Config{MaxConnectionAge: 50 * time.Millisecond})
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0", "gRPC"} {
		var dialed atomic.Int32
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			dialed.Add(1)
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		send := p.sendOverGRPC(t, dial)
		if protocol != "gRPC" {
			transport := &http.Transport{DialContext: dial, TLSClientConfig: p.clientTLS(t, ""), ForceAttemptHTTP2: protocol == "HTTP/2.0"}
			defer transport.CloseIdleConnections()
			send = func() {
				response, got := p.sendAs(t, &http.Client{Transport: transport}, amsToken, http.MethodPost, "/v1/results", result(1))
				if response.StatusCode != http.StatusOK || response.Proto != protocol {
					t.Fatalf("%s: got %s over %s, %+v", protocol, response.Status, response.Proto, got)
				}
			}
		}
		await(t, func() bool { send(); return dialed.Load() > 2 })
	}
}

func (p *protected) sendOverGRPC(t *testing.T, dial func(ctx context.Context, network, address string) (net.Conn, error)) func() {
	t.Helper()
	connection := p.dial(t, "", grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return dial(ctx, "tcp", address) }))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+amsToken)
	return func() {
		request := &ingestv1.PublishResultsRequest{Results: [][]byte{[]byte(result(1))}}
		if _, err := ingestv1.NewIngestServiceClient(connection).PublishResults(ctx, request); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenDoorsAreLocal(t *testing.T) {
	for _, test := range []struct {
		name     string
		settings SourceSettings
		address  string
		want     string
	}{
		{"loopback", SourceSettings{}, "127.0.0.1:0", ""},
		{"localhost", SourceSettings{}, "localhost:0", ""},
		{"IPv6", SourceSettings{}, "[::1]:0", ""},
		{"all interfaces", SourceSettings{}, ":0", `grpc: got ":0", where everybody who reaches it could publish: name the sources that may in a file (--sources)`},
		{"another host", SourceSettings{}, "collector:0", `listen: got "collector:0"`},
		{"opened", SourceSettings{Open: true}, ":0", ""},
		{"with sources", SourceSettings{Sources: "sources.json"}, ":0", ""},
		{"both", SourceSettings{Sources: "sources.json", Open: true}, ":0", "open: means nothing with sources"},
		{"authorities alone", SourceSettings{ClientCA: "ca.pem"}, "127.0.0.1:0", "client-ca: means nothing without tls-cert"},
		{"authorities without sources", SourceSettings{ClientCA: "ca.pem", TLSCert: "c", TLSKey: "k"}, "127.0.0.1:0", "client-ca: means nothing without sources"},
		{"no key", SourceSettings{TLSCert: "c"}, "127.0.0.1:0", "tls-cert: means nothing without its key, tls-key"},
		{"no certificate", SourceSettings{TLSKey: "k"}, "127.0.0.1:0", "tls-key: means nothing without tls-cert"},
	} {
		err := Config{Kafka: []string{"kafka:9092"}, Listen: test.address, GRPC: test.address, Admin: "127.0.0.1:0", SourceSettings: test.settings}.Check()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := (Config{Kafka: []string{"kafka:9092"}, Listener: listener}).Check(); err == nil || !strings.Contains(err.Error(), "listen: got ") {
		t.Errorf("a listener that is given: %v", err)
	}
}

// Files that cannot be used are faults of their settings.
func TestFaultyFilesOfSources(t *testing.T) {
	faulty := filepath.Join(t.TempDir(), "faulty")
	if err := os.WriteFile(faulty, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := Run(t.Context(), Config{Kafka: []string{"127.0.0.1:1"}, SourceSettings: SourceSettings{Sources: faulty, TLSCert: faulty, TLSKey: faulty}})
	for _, want := range []string{"sources: " + faulty + ": line 1: not readable", "tls-cert: " + faulty + ": tls: failed to find any PEM data"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
