// Package unpack reads compressed bodies and files in bounded memory.
package unpack

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Encoding is a compression, by its name in HTTP's Content-Encoding.
type Encoding string

// The encodings that Open knows.
const (
	Identity Encoding = "identity" // not compressed
	Gzip     Encoding = "gzip"
	Zstd     Encoding = "zstd"
	Bzip2    Encoding = "bzip2" // of files; HTTP does not know it
)

// MaxWindow is the memory that a zstd body may ask for, in bytes; RFC 9659 allows no more in HTTP. Files may ask for MaxFileWindow.
const (
	MaxWindow     = 8 << 20
	MaxFileWindow = 128 << 20
)

// bzip2Magic is followed by a digit, the size of the blocks.
const bzip2Magic = "BZh"

// Magic returns the encoding that the first bytes of data are those of.
func Magic(data []byte) Encoding {
	switch {
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		return Gzip
	case bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return Zstd
	case bytes.HasPrefix(data, []byte(bzip2Magic)) && len(data) > len(bzip2Magic) && '1' <= data[3] && data[3] <= '9':
		return Bzip2
	}
	return Identity
}

// Sniff recognises the encoding of a stream by its first bytes, which it leaves in the reader.
func Sniff(data *bufio.Reader) (Encoding, error) {
	head, err := data.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return Magic(head), nil
}

// Open returns the decompressed data, after a check of its beginning: the error is a *FormatError if that is not JSON in UTF-8. Close frees the memory and
// leaves data open. Errors name the encoding at fault, and wrap those of data. MaxWindow is in bytes, for zstd.
func Open(encoding Encoding, data io.Reader, maxWindow uint64) (io.ReadCloser, error) {
	unpacked, err := decompress(encoding, data, maxWindow)
	if err != nil {
		return nil, err
	}
	return checkFormat(unpacked)
}

func decompress(encoding Encoding, data io.Reader, maxWindow uint64) (io.ReadCloser, error) {
	switch encoding {
	case Identity:
		return io.NopCloser(data), nil
	case Gzip:
		return openGzip(data)
	case Zstd:
		return openZstd(data, maxWindow)
	case Bzip2:
		return openBzip2(data), nil
	}
	return nil, fmt.Errorf("encoding: got %q, want gzip, zstd, bzip2 or identity", encoding)
}

// inEncoding adds the encoding that could not be read.
func inEncoding(encoding Encoding, err error) error {
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: unexpected end: %w", encoding, err)
	}
	return fmt.Errorf("%s: %w", encoding, err)
}

var gzipReaders = sync.Pool{New: func() any { return new(gzip.Reader) }}

type gzipBody struct{ reader *gzip.Reader }

func openGzip(data io.Reader) (io.ReadCloser, error) {
	reader := gzipReaders.Get().(*gzip.Reader)
	err := reader.Reset(data)
	if errors.Is(err, io.EOF) { // there is not even a header
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, inEncoding(Gzip, err)
	}
	return gzipBody{reader}, nil
}

func (g gzipBody) Read(into []byte) (int, error) {
	n, err := g.reader.Read(into)
	return n, inEncoding(Gzip, err)
}

func (g gzipBody) Close() error {
	gzipReaders.Put(g.reader)
	return nil
}

// One at a time and no goroutines: many bodies are read at once, and a decoder's own concurrency gains nothing then.
var zstdReaders = sync.Pool{New: func() any {
	reader, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err) // options that do not fit together
	}
	return reader
}}

type zstdBody struct{ reader *zstd.Decoder }

func openZstd(data io.Reader, maxWindow uint64) (io.ReadCloser, error) {
	reader := zstdReaders.Get().(*zstd.Decoder)
	if err := reader.ResetWithOptions(data, zstd.WithDecoderMaxWindow(maxWindow)); err != nil {
		return nil, inEncoding(Zstd, err)
	}
	return zstdBody{reader}, nil
}

func (z zstdBody) Read(into []byte) (int, error) {
	n, err := z.reader.Read(into)
	return n, inEncoding(Zstd, err)
}

func (z zstdBody) Close() error {
	err := z.reader.Reset(nil)
	zstdReaders.Put(z.reader)
	return err
}

type bzip2File struct{ reader io.Reader }

func openBzip2(data io.Reader) io.ReadCloser { return bzip2File{bzip2.NewReader(data)} }

func (b bzip2File) Read(into []byte) (int, error) {
	n, err := b.reader.Read(into)
	return n, inEncoding(Bzip2, err)
}

func (bzip2File) Close() error { return nil }
