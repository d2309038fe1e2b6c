package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"go.uber.org/zap"
)

var (
	// ErrInUse reports a directory that another broker, in this process or another, has open.
	ErrInUse = errors.New("in use by another process")
	// ErrDamaged reports a directory that has lost records, or is not a broker's.
	ErrDamaged = errors.New("damaged, or not a broker's directory")
)

const lockFile = "lock"

// directory is a locked data directory. A nil one is that of a broker in memory.
type directory struct{ lock *flock.Flock }

func openDirectory(path string, logger *zap.Logger) (*directory, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // in memory there is none
	}
	if err := os.MkdirAll(path, 0o750); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(path, lockFile))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking directory %s: %w", path, err)
	}
	if !locked {
		return nil, fmt.Errorf("directory %s is %w, which holds the lock on its file %q", path, ErrInUse, lockFile)
	}
	opened := &directory{lock}
	if err := inspect(os.DirFS(path), logger); err != nil {
		unusable := fmt.Errorf("directory %s is unusable, and nothing in it was changed (move it away to start with an empty one): %w", path, err)
		return nil, errors.Join(unusable, opened.close())
	}
	return opened, nil
}

func (d *directory) close() error {
	if d == nil {
		return nil
	}
	return d.lock.Close()
}
