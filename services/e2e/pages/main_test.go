// Package pages tests the pages in Chromium. A scenario of clients/browser/pages acts as a user; a test starts the services for it and does what the scenario
// asks for by name, such as posting results. The build tag pages adds scenarios that take minutes.
package pages

import (
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) { testcluster.Main(m) }
