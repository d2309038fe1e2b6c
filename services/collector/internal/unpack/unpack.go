// Package unpack reads compressed bodies and files in bounded memory.
package unpack

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
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

// bzip2Magic stands before the digit that says how large the blocks are.
const bzip2Magic = "BZh"

// Magic gives the encoding that data begins with the mark of.
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

// Open returns what data says once decompressed, after a look at its beginning: a *ForeignError names what nobody reads as JSON. Close gives back the
// memory; it leaves data open. Errors say which encoding is at fault, and wrap those of data.
func Open(encoding Encoding, data io.Reader, maxWindow uint64) (io.ReadCloser, error) {
	unpacked, err := decompress(encoding, data, maxWindow)
	if err != nil {
		return nil, err
	}
	return lookAt(unpacked)
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

// invalid says which encoding it was that could not be read on.
func invalid(encoding Encoding, err error) error {
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: it ends too early: %w", encoding, err)
	}
	return fmt.Errorf("%s: %w", encoding, err)
}
