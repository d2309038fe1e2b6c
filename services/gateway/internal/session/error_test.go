package session_test

import (
	"testing"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

func TestErrorMessageIsWrittenAsItReads(t *testing.T) {
	message := delivery.ErrorMessage(sessiontest.TextEncoding{}, protocol.Refuse("malformed", `msm: got "<1&2>", want a number`))
	if got, want := string(message.Payload()), `atlas_error "[malformed] msm: got \"<1&2>\", want a number"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
