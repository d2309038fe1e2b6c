package file

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"atlasstream/services/collector/internal/unpack"
)

// Stdin is the name of the standard input.
const Stdin = "-"

const readBuffer = 256 << 10

// input is a file to import, or the standard input.
type input struct {
	name string
	size int64    // bytes; -1 where it is not known
	kept *content // of an input that can be opened only once, as it is no regular file
}

// inputs opens every file before the first is read, so that a wrong name does not leave half an import. The bytes read of those that stay open are added to
// read.
func inputs(names []string, read *int64) ([]input, error) {
	var faults []error
	found := make([]input, 0, len(names))
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			faults = append(faults, fmt.Errorf("%s: given twice, want each file once", name))
			continue
		}
		seen[name] = true
		in, err := inspect(name, read)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		found = append(found, in)
	}
	if len(faults) > 0 {
		faults = append(faults, closeKept(found))
	}
	return found, errors.Join(faults...)
}

// inspect opens a file, which finds its format.
func inspect(name string, read *int64) (input, error) {
	size, err := fileSize(name)
	if err != nil {
		return input{}, err
	}
	in := input{name: name, size: size}
	if size >= 0 {
		read = new(int64) // it is opened again
	}
	opened, err := in.open(read)
	switch {
	case err != nil:
		return input{}, fmt.Errorf("%s: %w", name, err)
	case size >= 0:
		return in, opened.Close()
	}
	in.kept = opened
	return in, nil
}

func closeKept(inputs []input) error {
	var faults []error
	for _, in := range inputs {
		if in.kept != nil {
			faults = append(faults, in.kept.Close())
		}
	}
	return errors.Join(faults...)
}

func fileSize(name string) (int64, error) {
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

// open finds by the first bytes how the input is compressed. The bytes read of it, before decompression, are added to read.
func (in input) open(read *int64) (*content, error) {
	if in.kept != nil {
		return in.kept, nil
	}
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
