package eventlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/segmentio/kafka-go/compress"
)

// maxDecompressed limits the size of a batch; topics limit its compressed size.
const maxDecompressed = 64 << 20

var errTooLong = fmt.Errorf("it has more than %d bytes", maxDecompressed)

// decompress appends the records of a batch to a buffer. It takes little more memory than maxDecompressed, whatever lengths the compressed data claims.
func decompress(into *bytes.Buffer, codec compress.Compression, packed []byte) (err error) {
	switch codec {
	case compress.Snappy:
		err = decompressSnappy(into, packed)
	case compress.Zstd:
		err = decompressZstd(into, packed)
	case compress.Gzip, compress.Lz4:
		err = decompressStream(into, codec.Codec(), packed)
	default:
		return fmt.Errorf("it is compressed with the unknown codec %d", codec)
	}
	if errors.Is(err, io.EOF) { // would mean that there are no more records
		err = io.ErrUnexpectedEOF
	}
	if err == nil && into.Len() > maxDecompressed {
		err = errTooLong
	}
	if err != nil {
		return fmt.Errorf("decompressing it: %w", err)
	}
	return nil
}

// decompressStream decompresses data that claims no length to allocate memory for, except for blocks of at most 8 MiB.
func decompressStream(into *bytes.Buffer, codec compress.Codec, packed []byte) error {
	reader := codec.NewReader(bytes.NewReader(packed))
	_, err := into.ReadFrom(io.LimitReader(reader, maxDecompressed+1))
	return errors.Join(err, reader.Close())
}

// zstdWindow is libzstd's default limit (ZSTD_WINDOWLOG_LIMIT_DEFAULT), which its highest level, 22, uses.
const zstdWindow = 1 << 27

// zstdDecoder decodes all batches. It allocates no windows, as it decodes a batch at once, and ignores the checksum of the decompressed data, as that of
// the batch has matched.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(zstdWindow), zstd.IgnoreChecksum(true))
})

func decompressZstd(into *bytes.Buffer, packed []byte) error {
	decoder, err := zstdDecoder()
	if err != nil {
		return err
	}
	var header zstd.Header
	if err := header.Decode(packed); err != nil {
		return err
	}
	if header.FrameContentSize > maxDecompressed {
		return errTooLong
	}
	decompressed, err := decoder.DecodeAll(packed, into.AvailableBuffer())
	*into = *bytes.NewBuffer(decompressed)
	return err
}

// xerialMagic is the beginning of the format of snappy-java, which Java's producers write: eight bytes of versions follow, and then chunks after their
// lengths, of four bytes each. Other producers write a single chunk without all that.
const xerialMagic, xerialHeader = "\x82SNAPPY\x00", 16

func decompressSnappy(into *bytes.Buffer, packed []byte) error {
	if !bytes.HasPrefix(packed, []byte(xerialMagic)) {
		return decompressChunk(into, packed)
	}
	chunks := wireFields{rest: packed}
	chunks.bytes(xerialHeader)
	for len(chunks.rest) > 0 {
		chunk := chunks.bytes(int64(chunks.int32()))
		if chunks.broken {
			break
		}
		if err := decompressChunk(into, chunk); err != nil {
			return err
		}
	}
	if chunks.broken {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// snappyRatio is more than snappy reaches: three bytes encode at most 64 ("Snappy compressed format description", 2.2).
const snappyRatio = 32

func decompressChunk(into *bytes.Buffer, chunk []byte) error {
	length, err := snappy.DecodedLen(chunk)
	if err != nil {
		return err
	}
	if length > snappyRatio*len(chunk) {
		return fmt.Errorf("a chunk of %d bytes claims to have %d, want at most %d times as many", len(chunk), length, snappyRatio)
	}
	if into.Len()+length > maxDecompressed {
		return errTooLong
	}
	into.Grow(length)
	decompressed, err := snappy.Decode(into.AvailableBuffer()[:length], chunk)
	into.Write(decompressed)
	return err
}
