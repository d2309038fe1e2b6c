package eventlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go/compress"
)

// A claimed length alone costs no memory.
func TestClaimedLengths(t *testing.T) {
	const claimed, most = 1 << 30, 1 << 20
	chunk := append(binary.AppendUvarint(nil, claimed), 0, 'x')
	xerial := append([]byte(xerialMagic), 0, 0, 0, 1, 0, 0, 0, 1)
	zstdFrame := binary.LittleEndian.AppendUint32([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0}, claimed) // of a single segment, whose length has four bytes
	for name, test := range map[string]struct {
		codec  compress.Compression
		packed []byte
		want   string
	}{
		"snappy":                   {compress.Snappy, chunk, "a chunk of 7 bytes claims to have 1073741824, want at most 32 times as many"},
		"snappy in chunks":         {compress.Snappy, append(binary.BigEndian.AppendUint32(xerial, uint32(len(chunk))), chunk...), "a chunk of 7 bytes claims"},
		"a long chunk of snappy":   {compress.Snappy, binary.BigEndian.AppendUint32(xerial, claimed), "unexpected EOF"},
		"a chunk without an end":   {compress.Snappy, binary.BigEndian.AppendUint32(xerial, 1<<32-1), "unexpected EOF"},
		"half a length of a chunk": {compress.Snappy, append(xerial, 0, 0), "unexpected EOF"},
		"zstd":                     {compress.Zstd, append(zstdFrame, 1, 0, 0), "it has more than 67108864 bytes"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := decompress(new(bytes.Buffer), test.codec, test.packed)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.HasPrefix(err.Error(), "decompressing it: "+test.want) {
			t.Errorf("%s: got %v, want that %s", name, err, test.want)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > most {
			t.Errorf("%s: took %d bytes, want at most %d", name, got, most)
		}
	}
}

// Batches that are longer than the limit are refused, with every codec.
func TestUnpackingIsBounded(t *testing.T) {
	for _, test := range []struct {
		length int
		want   error
	}{{maxDecompressed, nil}, {maxDecompressed + 1, errTooLong}} {
		for codec := compress.Gzip; codec <= compress.Zstd; codec++ {
			var packed bytes.Buffer
			writer := codec.Codec().NewWriter(&packed)
			if _, err := writer.Write(make([]byte, test.length)); err != nil {
				t.Fatal(err)
			}
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			var decompressed bytes.Buffer
			if err := decompress(&decompressed, codec, packed.Bytes()); !errors.Is(err, test.want) || err == nil && decompressed.Len() != test.length {
				t.Errorf("%d bytes by %s: got %d, %v, want %v", test.length, codec, decompressed.Len(), err, test.want)
			}
		}
	}
}
