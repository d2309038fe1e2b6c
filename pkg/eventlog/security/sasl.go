package security

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// Mechanism returns the SASL mechanism that authenticates each connection, or nil if none does.
func (c Config) Mechanism() sasl.Mechanism {
	if c.SASL == None {
		return nil
	}
	return mechanism{c}
}

// mechanism begins each exchange with the present secret.
type mechanism struct{ config Config }

// Name returns Kafka's name of the mechanism.
func (m mechanism) Name() string { return strings.ToUpper(string(m.config.SASL)) }

// Start implements sasl.Mechanism.
func (m mechanism) Start(ctx context.Context) (sasl.StateMachine, []byte, error) {
	current, err := m.current()
	if err != nil {
		return nil, nil, err
	}
	return current.Start(ctx)
}

func (m mechanism) current() (sasl.Mechanism, error) {
	if m.config.SASL == OAuthBearer {
		token, err := m.config.readToken()
		return bearer{token}, err
	}
	password, err := m.config.readPassword()
	switch {
	case err != nil:
		return nil, err
	case m.config.SASL == SCRAMSHA256:
		return scram.Mechanism(scram.SHA256, m.config.User, password)
	case m.config.SASL == SCRAMSHA512:
		return scram.Mechanism(scram.SHA512, m.config.User, password)
	default:
		return plain.Mechanism{Username: m.config.User, Password: password}, nil
	}
}

func (c Config) readPassword() (string, error) {
	if c.PasswordFile == "" {
		return c.Password, nil
	}
	return readSecret(c.PasswordFile)
}

func (c Config) readToken() (string, error) { return readSecret(c.TokenFile) }

// readSecret returns the contents of a file without surrounding white space, which editors add.
func readSecret(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", fmt.Errorf("%s is empty", file)
	}
	return secret, nil
}

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
