package testcluster

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

// Main runs the tests of a package and fails if a goroutine is left. The connections that the default HTTP client keeps open are no leak.
func Main(m *testing.M) { goleak.VerifyTestMain(leakTests{m}) }

type leakTests struct{ *testing.M }

func (t leakTests) Run() int {
	defer http.DefaultClient.CloseIdleConnections()
	return t.M.Run()
}
