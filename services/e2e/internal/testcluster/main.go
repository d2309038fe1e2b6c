package testcluster

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

// Main runs the tests of a package, and functions after them, and fails if a goroutine is left. The connections that the default HTTP client keeps open are no leak.
func Main(m *testing.M, after ...func()) { goleak.VerifyTestMain(leakTests{m, after}) }

type leakTests struct {
	*testing.M
	after []func()
}

func (t leakTests) Run() int {
	defer http.DefaultClient.CloseIdleConnections()
	code := t.M.Run()
	for _, do := range t.after {
		do()
	}
	return code
}
