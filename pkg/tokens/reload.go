package tokens

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/reload"
)

// File is a file of tokens, which is read again when it changes. Its methods are safe for concurrent use.
type File[H Holder] struct{ *reload.Files[[]H] }

// Open reads a file of what, tokens for example. Without a path there are no holders. Faulty is 1 while the file is invalid and the previous holders stay. The
// error has the file's path and fault.
func Open[H Holder](path, what string, parse func(content []byte) ([]H, error), faulty prometheus.Gauge, logger *zap.Logger) (*File[H], error) {
	config := reload.Config[[]H]{
		What: what, Count: func(holders []H) int { return len(holders) }, Faulty: faulty, Logger: logger,
		Parse: func(contents [][]byte) ([]H, error) {
			holders, err := parse(contents[0])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			return holders, nil
		},
	}
	if path != "" {
		config.Paths = []string{path}
	}
	files, err := reload.Open(config)
	return &File[H]{files}, err
}

// Find returns the holder of a token, if there is one.
func (f *File[H]) Find(token Digest) (found H, known bool) { return Find(f.Current(), token) }
