package unpack

import (
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

var gzipReaders = sync.Pool{New: func() any { return new(gzip.Reader) }}

type gzipBody struct{ reader *gzip.Reader }

func openGzip(data io.Reader) (io.ReadCloser, error) {
	reader := gzipReaders.Get().(*gzip.Reader)
	err := reader.Reset(data)
	if errors.Is(err, io.EOF) { // there is not even a header
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, invalid(Gzip, err)
	}
	return gzipBody{reader}, nil
}

func (g gzipBody) Read(into []byte) (int, error) {
	n, err := g.reader.Read(into)
	return n, invalid(Gzip, err)
}

func (g gzipBody) Close() error {
	gzipReaders.Put(g.reader)
	return nil
}
