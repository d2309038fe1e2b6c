// Package resume tests clients that reconnect and resume where they were: with cursors, as Socket.IO sessions and as EventSources.
package resume

import (
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

func TestMain(m *testing.M) { testcluster.Main(m) }
