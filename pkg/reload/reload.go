// Package reload keeps what files say in force while they change: they are read again when they do, and what they said before stays valid while they are
// faulty.
package reload

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

const (
	interval     = 3 * time.Second // between checks of the files
	maxFileBytes = 1 << 20
)

// Config says what is read, and from where.
type Config[T any] struct {
	What   string                             // what the files have, in the plural, for the log: tokens
	Paths  []string                           // none: the zero value of T stays in force
	Parse  func(contents [][]byte) (T, error) // of the files, in the order of their paths. Its errors are logged, so they quote no secret
	Count  func(T) int                        // how many of What there are, for the log
	Faulty prometheus.Gauge                   // 1 while the files are faulty
	Logger *zap.Logger
}

// Files are files that are read together. Current is safe for concurrent use.
type Files[T any] struct {
	config  Config[T]
	current atomic.Pointer[T]
	loaded  []version // of the files when they were last read; only Watch uses it
}

// version distinguishes the contents of a file without reading it.
type version struct {
	changed time.Time
	size    int64
	mode    os.FileMode // as a change may make the file readable
}

// Open reads the files. The error has the name of a file and its fault.
func Open[T any](config Config[T]) (*Files[T], error) {
	f := &Files[T]{config: config, loaded: make([]version, len(config.Paths))}
	f.current.Store(new(T))
	if len(config.Paths) == 0 {
		return f, nil
	}
	return f, f.read()
}

// Current is what the files said when they were last valid.
func (f *Files[T]) Current() T { return *f.current.Load() }

// Watch reads the files whenever one has changed, and then calls changed, until ctx ends. A fault is logged once, and what was valid before stays so.
func (f *Files[T]) Watch(ctx context.Context, changed func()) {
	if len(f.config.Paths) == 0 {
		return
	}
	checks := time.NewTicker(interval)
	defer checks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-checks.C:
			if f.reload() {
				changed()
			}
		}
	}
}

// reload reads the files if one has changed, and reports whether they are valid then.
func (f *Files[T]) reload() (changed bool) {
	if slices.Equal(f.versions(), f.loaded) {
		return false
	}
	if err := f.read(); err != nil {
		f.config.Faulty.Set(1)
		f.config.Logger.Error(fmt.Sprintf("the %[1]s file is invalid; the previous %[1]s stay valid", f.config.What), zap.Error(err))
		return false
	}
	f.config.Faulty.Set(0)
	f.config.Logger.Info(fmt.Sprintf("reloaded the %s file", f.config.What), zap.Int(f.config.What, f.config.Count(f.Current())))
	return true
}

func (f *Files[T]) read() error {
	f.loaded = f.versions() // before reading, so that a change meanwhile is noticed
	contents := make([][]byte, len(f.config.Paths))
	for i, path := range f.config.Paths {
		var err error
		if contents[i], err = readFile(path); err != nil {
			return err
		}
	}
	read, err := f.config.Parse(contents)
	if err != nil {
		return err
	}
	f.current.Store(&read)
	return nil
}

// versions are those of the files now; a file without information has the zero version.
func (f *Files[T]) versions() []version {
	versions := make([]version, len(f.config.Paths))
	for i, path := range f.config.Paths {
		if info, err := os.Stat(path); err == nil {
			versions[i] = version{changed: info.ModTime(), size: info.Size(), mode: info.Mode()}
		}
	}
	return versions
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // as opening a pipe could block for ever
		return nil, fmt.Errorf("%s: got a %s, want a regular file", path, info.Mode().Type())
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err == nil && len(content) > maxFileBytes {
		err = fmt.Errorf("%s: got more than %d bytes, want at most that", path, maxFileBytes)
	}
	return content, err
}
