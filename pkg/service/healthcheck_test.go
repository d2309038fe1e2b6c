package service_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"atlasstream/pkg/service"
)

// Health checks ask a real admin port, at addresses as programs have them, and say in one line and by their status how it is.
//
//notices:healthy-whatever-the-answer
func TestHealthChecksAskTheAdminPort(t *testing.T) {
	admin := service.NewAdmin("program", service.NewRegistry(), func(context.Context) error {
		return errors.Join(errors.New("no broker answers"), errors.New("a topic is missing"))
	})
	listener, err := service.Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- admin.Serve(ctx, listener) }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range []struct {
		variable  string
		arguments []string
		status    int
		printed   string
	}{
		{"", []string{"healthz", "--admin=:" + port}, 0, "alive"},
		{"", []string{"healthz", "--admin=0.0.0.0:" + port}, 0, "alive"},
		{"ATLAS_ADMIN=[::]:" + port, []string{"healthz"}, 0, "alive"},
		{"ATLAS_ADMIN=" + listener.Addr().String(), []string{"readyz"}, 1, "program: error: 127.0.0.1:" + port + "/readyz: 503: not ready: no broker answers; a topic is missing"},
		{"", []string{"healthz"}, 1, "127.0.0.1:1: connect: connection refused"},
		{"", []string{"healthz", "--admin=9090"}, 2, `--admin (ATLAS_ADMIN): got "9090", want HOST:PORT or :PORT`},
		{"", []string{"healthz", "--admin=a b:90"}, 2, "--admin (ATLAS_ADMIN): "},
	} {
		expectHealth(t, check.variable, check.arguments, check.status, check.printed)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
}

func expectHealth(t *testing.T, variable string, arguments []string, status int, printed string) {
	t.Helper()
	command, lines, stderr := start(t, variable, arguments...)
	var output strings.Builder
	for lines.Scan() {
		output.WriteString(lines.Text() + "\n")
	}
	_ = command.Wait() // its status is compared
	output.WriteString(stderr.String())
	text := strings.Join(strings.Fields(output.String()), " ")
	if got := command.ProcessState.ExitCode(); got != status || !strings.Contains(text, printed) {
		t.Errorf("%s %v: status %d, printed %q, want status %d and %q", variable, arguments, got, output.String(), status, printed)
	}
}

// The help of a program says that it has health checks, and theirs says where they ask.
func TestHelpTellsOfHealthChecks(t *testing.T) {
	expectHealth(t, "", []string{"--help"}, 0, "program healthz and program readyz ask the admin port")
	expectHealth(t, "", []string{"readyz", "--help"}, 0, "(default 127.0.0.1:1; $ATLAS_ADMIN)")
}
