package auth

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"go.uber.org/zap"
)

// reloadInterval is how often Watch checks the file.
const reloadInterval = 3 * time.Second

// version distinguishes the contents of a file without reading it.
type version struct {
	changed time.Time
	size    int64
	mode    os.FileMode // as a change may make the file readable
}

// Watch reloads the file whenever it has changed, and then calls changed, until ctx ends. If it is invalid that is logged, and the previous tokens
// stay valid.
func (t *Tokens) Watch(ctx context.Context, changed func()) {
	if t.path == "" {
		return
	}
	checks := time.NewTicker(reloadInterval)
	defer checks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-checks.C:
			if t.reload() {
				changed()
			}
		}
	}
}

// reload reads the file if it has changed, and reports whether it did. It logs the fault of a version once.
func (t *Tokens) reload() (changed bool) {
	if versionOf(os.Stat(t.path)) == t.loaded {
		return false
	}
	if err := t.read(); err != nil {
		t.invalid.Set(1)
		t.logger.Error("the tokens file is invalid; the previous tokens stay valid", zap.Error(err))
		return false
	}
	t.invalid.Set(0)
	t.logger.Info("reloaded the tokens file", zap.Int("tokens", len(*t.known.Load())))
	return true
}

func (t *Tokens) read() error {
	info, err := os.Stat(t.path)
	t.loaded = versionOf(info, err) // before reading, so that a change meanwhile is noticed
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() { // as opening a pipe could block for ever
		return fmt.Errorf("%s: got a %s, want a regular file", t.path, info.Mode().Type())
	}
	content, err := readAtMost(t.path, maxFileBytes)
	if err != nil {
		return err
	}
	read, err := parse(content)
	if err != nil {
		return fmt.Errorf("%s: %w", t.path, err)
	}
	t.known.Store(&read)
	return nil
}

func readAtMost(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s: got more than %d bytes, want at most that", path, limit)
	}
	return content, err
}

// versionOf takes the results of os.Stat; a file without information has the zero version.
func versionOf(info os.FileInfo, err error) version {
	if err != nil {
		return version{}
	}
	return version{changed: info.ModTime(), size: info.Size(), mode: info.Mode()}
}
