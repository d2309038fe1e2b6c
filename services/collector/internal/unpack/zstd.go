package unpack

import (
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

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
		return nil, invalid(Zstd, err)
	}
	return zstdBody{reader}, nil
}

func (z zstdBody) Read(into []byte) (int, error) {
	n, err := z.reader.Read(into)
	return n, invalid(Zstd, err)
}

func (z zstdBody) Close() error {
	err := z.reader.Reset(nil)
	zstdReaders.Put(z.reader)
	return err
}
