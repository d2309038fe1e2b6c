package wsframe

import (
	"strings"
	"testing"
)

// A reason is cut between characters.
func TestCloseReasonFits(t *testing.T) {
	message := Close(1008, strings.Repeat("é", 100))
	if payload := message.Payload(); len(payload) > maxControlPayload || !strings.HasSuffix(string(payload), "é") {
		t.Errorf("got %q of %d bytes", payload, len(payload))
	}
}
