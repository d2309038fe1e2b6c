package unpack

import (
	"compress/bzip2"
	"io"
)

type bzip2File struct{ reader io.Reader }

func openBzip2(data io.Reader) io.ReadCloser { return bzip2File{bzip2.NewReader(data)} }

func (b bzip2File) Read(into []byte) (int, error) {
	n, err := b.reader.Read(into)
	return n, invalid(Bzip2, err)
}

func (bzip2File) Close() error { return nil }
