package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"

	"atlasstream/pkg/eventlog"
)

// keySource gives the keys as they are now.
type keySource func(ctx context.Context) (keys [][]byte, err error)

// cursorKeys are the operator's, or the one that the log has.
func (c Config) cursorKeys(ofLog func(context.Context) ([]byte, error)) keySource {
	switch {
	case c.CursorKeyFile != "":
		return func(context.Context) ([][]byte, error) {
			keys, err := readCursorKeys(c.CursorKeyFile)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errKeysFile, err)
			}
			return keys, nil
		}
	case c.CursorKey != "":
		return func(context.Context) ([][]byte, error) { return [][]byte{cursorKeyOf(c.CursorKey)}, nil }
	default:
		return func(ctx context.Context) ([][]byte, error) {
			key, err := ofLog(ctx)
			if errors.Is(err, eventlog.ErrNoTopic) || errors.Is(err, eventlog.ErrNoCursorKey) {
				err = fmt.Errorf("a collector has to make it: %w", err)
			}
			return [][]byte{key}, err
		}
	}
}

// errKeysFile says that the operator's file is not as it must be.
var errKeysFile = errors.New("the file of cursor keys")

// readCursorKeys reads a file with a secret on each line.
func readCursorKeys(file string) (keys [][]byte, err error) {
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
		if err := checkSecret(secret); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, number, err)
		}
		keys = append(keys, cursorKeyOf(secret))
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s has no secret, want one on each line, the one that seals first", file)
	}
	return keys, nil
}

func cursorKeyOf(secret string) []byte {
	key := sha256.Sum256([]byte("atlas-stream cursors: " + secret))
	return key[:]
}

// leastSecret is how long a secret is at least, in bytes: who guesses it can make cursors.
const leastSecret = 16

// checkSecret does not repeat the secret, which would stand in a log then.
func checkSecret(secret string) error {
	if len(secret) < leastSecret {
		return fmt.Errorf("got %d bytes, want at least %d", len(secret), leastSecret)
	}
	return nil
}
