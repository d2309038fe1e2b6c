package keyring

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
)

// Source gives the keys as they are now. An *UnreadableError says that somebody has to act before there are any.
type Source func(ctx context.Context) (keys [][]byte, err error)

// UnreadableError says why keys are unreadable until somebody acts.
type UnreadableError struct{ Err error }

// Error implements error.
func (e *UnreadableError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *UnreadableError) Unwrap() error { return e.Err }

// Purpose is what keys are for, such as "cursors". Keys of two purposes are unrelated, even if an operator gives the same secret for both.
type Purpose string

// FromSecret is the source of an operator's secret.
func (p Purpose) FromSecret(secret string) Source {
	return func(context.Context) ([][]byte, error) { return [][]byte{p.keyOf(secret)}, nil }
}

// FromFile is the source of an operator's file with a secret on each line.
func (p Purpose) FromFile(file string) Source {
	return func(context.Context) (keys [][]byte, err error) {
		secrets, err := readSecrets(file)
		if err != nil {
			return nil, &UnreadableError{fmt.Errorf("the file of keys for %s: %w", p, err)}
		}
		for _, secret := range secrets {
			keys = append(keys, p.keyOf(secret))
		}
		return keys, nil
	}
}

func (p Purpose) keyOf(secret string) []byte {
	key := sha256.Sum256([]byte("atlas-stream " + string(p) + ": " + secret))
	return key[:]
}

// CheckFile tells what is wrong with a file with a secret on each line.
func CheckFile(file string) error {
	_, err := readSecrets(file)
	return err
}

func readSecrets(file string) (secrets []string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		secret := strings.TrimSpace(line)
		if secret == "" {
			continue
		}
		if err := CheckSecret(secret); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, number, err)
		}
		secrets = append(secrets, secret)
	}
	if len(secrets) == 0 {
		return nil, fmt.Errorf("%s has no secret, want one on each line, the one in use first", file)
	}
	return secrets, nil
}

// leastSecret is how long a secret is at least, in bytes: a client that guesses it can make what it protects.
const leastSecret = 16

// CheckSecret refuses a secret that is too short. It does not repeat the secret, which would be in a log then.
func CheckSecret(secret string) error {
	if len(secret) < leastSecret {
		return fmt.Errorf("got %d bytes, want at least %d", len(secret), leastSecret)
	}
	return nil
}
