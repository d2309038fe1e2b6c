package service_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/service"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := service.Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// serve runs ServeHTTP; stop ends its context and returns what it returned.
func serve(t *testing.T, server *http.Server, grace time.Duration) (address string, stop func() error) {
	t.Helper()
	return serveOn(t, server, grace, listen(t))
}

func serveOn(t *testing.T, server *http.Server, grace time.Duration, listener net.Listener) (address string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	returned := make(chan error, 1)
	go func() { returned <- service.ServeHTTP(ctx, server, listener, grace) }()
	stop = func() error { cancel(); return <-returned }
	return listener.Addr().String(), stop
}

func get(t *testing.T, url string) (status int, body string, err error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	response, err := client.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	return response.StatusCode, string(read), err
}

func TestListen(t *testing.T) {
	given := listen(t)
	if got, err := service.Listen("nonsense", given); err != nil || got != given {
		t.Errorf("Listen with a listener: %v, %v, want that listener", got, err)
	}
	if _, err := service.Listen(given.Addr().String(), nil); err == nil || !strings.Contains(err.Error(), given.Addr().String()) {
		t.Errorf("Listen on a taken port: %v, want an error that names it", err)
	}
}

func TestServeHTTPFinishesRequestsThatRun(t *testing.T) {
	running, finish := make(chan struct{}), make(chan struct{})
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(running)
		<-finish
		fmt.Fprint(w, "done")
	})}
	refusing := make(chan struct{})
	server.RegisterOnShutdown(func() { close(refusing) })
	address, stop := serve(t, server, time.Minute)
	answered := make(chan error, 1)
	go func() {
		_, body, err := get(t, "http://"+address)
		if err == nil && body != "done" {
			err = fmt.Errorf("got %q", body)
		}
		answered <- err
	}()
	<-running
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	<-refusing
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("a new connection was accepted while the server was stopping")
	}
	close(finish)
	if err := <-answered; err != nil {
		t.Errorf("the running request: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("ServeHTTP: %v", err)
	}
}

func TestServeHTTPCutsOffRequestsThatOutliveTheGrace(t *testing.T) {
	running := make(chan struct{})
	address, stop := serve(t, &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(running)
		<-r.Context().Done()
	})}, time.Millisecond)
	cut := make(chan error, 1)
	go func() {
		_, _, err := get(t, "http://"+address)
		cut <- err
	}()
	<-running
	if err := stop(); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("ServeHTTP: %v, want an error that tells of the request", err)
	}
	if err := <-cut; err == nil {
		t.Error("the request was answered, want it cut off")
	}
}

// Browsers open connections ahead of need.
func TestServeHTTPDoesNotWaitForThoseWhoSayNothing(t *testing.T) {
	states := make(chan http.ConnState, 10)
	server := &http.Server{Handler: http.NotFoundHandler(), ConnState: func(_ net.Conn, state http.ConnState) { states <- state }}
	address, stop := serve(t, server, time.Minute)
	silent, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if state := <-states; state != http.StateNew {
		t.Errorf("got %s", state)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestServeHTTPReturnsWhenItsListenerFails(t *testing.T) {
	listener := listen(t)
	listener.Close()
	if err := service.ServeHTTP(context.Background(), &http.Server{}, listener, time.Second); err == nil {
		t.Error("no error from a closed listener")
	}
}

func TestServeHTTPLimitsTheBytesOfHeaders(t *testing.T) {
	address, stop := serve(t, &http.Server{Handler: http.NotFoundHandler()}, time.Minute)
	status, err := getWithHeader(address, strings.Repeat("x", 64<<10))
	if err != nil || status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KiB of header: status %d, error %v, want 431", status, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestServeHTTPLimitsTheTimeForHeaders(t *testing.T) {
	address, stop := serve(t, &http.Server{ReadHeaderTimeout: 20 * time.Millisecond, Handler: http.NotFoundHandler()}, time.Minute)
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprint(connection, "GET / HTTP/1.1\r\n") // and never the rest
	connection.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := io.Copy(io.Discard, connection); err != nil {
		t.Errorf("a client that never ends its header: %v, want the connection closed", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func getWithHeader(address, value string) (status int, err error) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	go fmt.Fprintf(connection, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", value)
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return response.StatusCode, nil
}
