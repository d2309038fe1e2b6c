package embedded

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"

	"go.uber.org/zap"
)

const (
	readAhead       = 1 << 20
	indexEntryBytes = 15 // kfake writes one per batch, after the batch
)

// segment is a file of batches and its index, a file beside it.
type segment struct {
	path string // of its partition
	base int64  // its first offset
	gaps bool   // offsets may be missing
	last bool   // the active one
}

func (s segment) name(suffix string) string {
	return path.Join(s.path, strconv.FormatInt(s.base, 10)+suffix)
}

// extent is how much of a segment is intact.
type extent struct {
	bytes, batches int64
	next           int64 // the offset after the last record
}

// inspect reads the whole segment and returns the offset after its last record.
func (s segment) inspect(files fs.FS, logger *zap.Logger) (next int64, err error) {
	indexed, err := s.indexed(files)
	if err != nil {
		return 0, err
	}
	intact, size, err := s.read(files)
	var fault *batchError
	if err != nil && !errors.As(err, &fault) {
		return 0, err
	}
	switch lost := indexed - intact.batches; {
	case lost > 0 && fault == nil:
		err = &batchError{reason: fmt.Sprintf("the %d batches behind it are gone", lost)}
	case fault == nil:
		return intact.next, nil
	case lost <= 0 && fault.cutOff && s.last:
		logger.Warn("embedded broker: the last batch is cut off, as it was not written completely, and is dropped", zap.String("segment", s.name(segmentSuffix)),
			zap.Int64("offset", intact.next), zap.Int64("bytes", size-intact.bytes))
		return intact.next, nil
	}
	return 0, fmt.Errorf("%w: %s is intact up to offset %d (%d of %d bytes): %w", ErrDamaged, s.name(segmentSuffix), intact.next, intact.bytes, size, err)
}

// indexed counts the batches that were once written completely.
func (s segment) indexed(files fs.FS) (int64, error) {
	info, err := fs.Stat(files, s.name(".idx"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size() / indexEntryBytes, nil
}

func (s segment) read(files fs.FS) (intact extent, size int64, err error) {
	file, err := files.Open(s.name(segmentSuffix))
	if err != nil {
		return extent{}, 0, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	info, err := file.Stat()
	if err != nil {
		return extent{}, 0, err
	}
	intact, err = s.scan(bufio.NewReaderSize(file, readAhead))
	return intact, info.Size(), err
}

// scan reads complete batches until the end or the first that is not.
func (s segment) scan(batches *bufio.Reader) (extent, error) {
	intact := extent{next: s.base}
	for {
		batch, err := readBatch(batches)
		if errors.Is(err, io.EOF) {
			return intact, nil
		}
		if err != nil {
			return intact, err
		}
		if batch.first != intact.next && !s.gaps {
			return intact, &batchError{reason: fmt.Sprintf("offset %d follows", batch.first)}
		}
		intact = extent{bytes: intact.bytes + batch.bytes, batches: intact.batches + 1, next: batch.last + 1}
	}
}
