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

// maxDecompressed bounds what a batch may have; topics bound what it takes compressed.
const maxDecompressed = 64 << 20

var errTooLong = fmt.Errorf("it has more than %d bytes", maxDecompressed)

// decompress appends the records of a batch. Whatever lengths a producer has claimed in what it compressed, that takes little more memory than maxDecompressed.
func decompress(into *bytes.Buffer, codec compress.Compression, packed []byte) (err error) {
	switch codec {
	case compress.Snappy:
		err = decompressSnappy(into, packed)
	case compress.Zstd:
		err = decompressZstd(into, packed)
	case compress.Gzip, compress.Lz4:
		err = decompressStream(into, codec.Codec(), packed)
	default:
		return fmt.Errorf("it is compressed by codec %d, which is unknown", codec)
	}
	if errors.Is(err, io.EOF) { // which would say that there are no more records
		err = io.ErrUnexpectedEOF
	}
	if err == nil && into.Len() > maxDecompressed {
		err = errTooLong
	}
	if err != nil {
		return fmt.Errorf("unpacking it: %w", err)
	}
	return nil
}

// decompressStream unpacks what claims no length to make memory for, but for a block of 8 MiB at most.
func decompressStream(into *bytes.Buffer, codec compress.Codec, packed []byte) error {
	reader := codec.NewReader(bytes.NewReader(packed))
	_, err := into.ReadFrom(io.LimitReader(reader, maxDecompressed+1))
	return errors.Join(err, reader.Close())
}

// zstdWindow is what libzstd takes unless it is told otherwise (ZSTD_WINDOWLOG_LIMIT_DEFAULT): its highest level, 22, asks for as much.
const zstdWindow = 1 << 27

// zstdDecoder is for all batches. It makes no memory for windows, as it unpacks in one piece, and leaves the checksum of what it has unpacked alone, as that of
// the batch was right.
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

// xerialMagic begins what Java's producers write, by snappy-java: an eight bytes' version follows, and then chunks behind their lengths, of four bytes each.
// Others write a single chunk without any of that.
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

// snappyRatio is more than snappy reaches: three bytes stand for 64 at most ("Snappy compressed format description", 2.2).
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
