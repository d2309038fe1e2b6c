package security

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go/sasl"
)

// bearer is SASL's mechanism OAUTHBEARER, RFC 7628, with a token.
type bearer struct{ token string }

// Name implements sasl.Mechanism.
func (bearer) Name() string { return "OAUTHBEARER" }

// Start sends the token, without a user's name, as RFC 7628 has it in section 3.1.
func (b bearer) Start(context.Context) (sasl.StateMachine, []byte, error) {
	return bearerAnswer{}, []byte("n,,\x01auth=Bearer " + b.token + "\x01\x01"), nil
}

// bearerAnswer handles the broker's response.
type bearerAnswer struct{}

// Next takes an empty response for success; another one says in JSON why the token is refused.
func (bearerAnswer) Next(_ context.Context, answer []byte) (done bool, response []byte, err error) {
	if len(answer) > 0 {
		return false, nil, fmt.Errorf("the broker refuses the token: %s", answer)
	}
	return true, nil, nil
}
