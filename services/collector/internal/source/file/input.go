package file

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"atlasstream/services/collector/internal/unpack"
)

// Stdin stands for the standard input among the names of files.
const Stdin = "-"

const readBuffer = 256 << 10

// input is a file to import, or the standard input.
type input struct {
	name string
	size int64 // bytes; -1 where it is not known
}

// inputs looks at every file before the first is read, so that a slip of the pen costs no half an import.
func inputs(names []string) ([]input, error) {
	var faults []error
	found := make([]input, 0, len(names))
	seen := map[string]bool{}
	for _, name := range names {
		size, err := sizeOf(name)
		if seen[name] {
			err = fmt.Errorf("%s: named twice", name)
		}
		seen[name] = true
		faults = append(faults, err)
		found = append(found, input{name: name, size: size})
	}
	return found, errors.Join(faults...)
}

func sizeOf(name string) (int64, error) {
	if name == Stdin {
		return -1, nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	if info.IsDir() {
		return 0, fmt.Errorf("%s: is a directory, want a file", name)
	}
	if !info.Mode().IsRegular() {
		return -1, nil
	}
	return info.Size(), nil
}

// totalSize is -1 if any of the sizes is not known.
func totalSize(inputs []input) int64 {
	total := int64(0)
	for _, in := range inputs {
		if in.size < 0 {
			return -1
		}
		total += in.size
	}
	return total
}

// content is an opened input.
type content struct {
	io.ReadCloser // decompressed
	file          *os.File
}

// open recognises by its first bytes how the input is compressed. What is read of it as it stands is added to read.
func (in input) open(read *int64) (*content, error) {
	file := os.Stdin
	if in.name != Stdin {
		var err error
		if file, err = os.Open(in.name); err != nil {
			return nil, err
		}
	}
	packed := bufio.NewReaderSize(&countingReader{reader: file, bytes: read}, readBuffer)
	encoding, err := unpack.Sniff(packed)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	unpacked, err := unpack.Open(encoding, packed, unpack.MaxFileWindow)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &content{ReadCloser: unpacked, file: file}, nil
}

// Close closes the file too.
func (c *content) Close() error { return errors.Join(c.ReadCloser.Close(), c.file.Close()) }

type countingReader struct {
	reader io.Reader
	bytes  *int64
}

func (c *countingReader) Read(into []byte) (int, error) {
	n, err := c.reader.Read(into)
	*c.bytes += int64(n)
	return n, err
}
