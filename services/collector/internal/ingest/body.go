package ingest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"atlasstream/services/collector/internal/unpack"
)

const acceptedEncodings = "gzip, zstd"

// contentEncoding returns the one encoding of a body.
func contentEncoding(header http.Header) (unpack.Encoding, *refusal) {
	given := strings.Join(header.Values("Content-Encoding"), ",")
	switch encoding := strings.ToLower(strings.TrimSpace(given)); encoding {
	case "", "identity":
		return unpack.Identity, nil
	case "gzip", "x-gzip":
		return unpack.Gzip, nil
	case "zstd":
		return unpack.Zstd, nil
	}
	return "", refuse(http.StatusUnsupportedMediaType, "Content-Encoding: got %q, want gzip, zstd or none", given)
}

// openBody returns the decompressed body, whose Read fails once it is over its limit. Closing it does not close the request's own body.
func (l Limits) openBody(w http.ResponseWriter, r *http.Request, body io.ReadCloser, memory *reservation) (io.ReadCloser, *refusal) {
	encoding, refused := contentEncoding(r.Header)
	if refused != nil {
		w.Header().Set("Accept-Encoding", acceptedEncodings)
		return nil, refused
	}
	if r.ContentLength > l.BodyBytes {
		return nil, l.refuseBody(&http.MaxBytesError{Limit: l.BodyBytes})
	}
	if encoding == unpack.Zstd {
		if err := memory.grow(unpack.MaxWindow); err != nil {
			return nil, refuseBusy(err)
		}
	}
	packed := &countedBody{Reader: http.MaxBytesReader(w, body, l.BodyBytes)}
	var plain io.Reader = packed
	if encoding == unpack.Identity {
		plain = &undeclaredBody{Reader: packed}
	}
	unpacked, err := unpack.Open(encoding, plain, unpack.MaxWindow)
	if err != nil {
		return nil, l.refuseBody(err)
	}
	return &boundedBody{ReadCloser: unpacked, packed: packed, left: l.BodyBytes}, nil
}

var errUnpackedTooLong = errors.New("too long once decompressed")

// maxRatio is how many times its length a body may have once decompressed, beyond the first ratioBytes. Results grow 5 to 40 times; decompression bombs grow
// 1,000 times by gzip, and more by zstd.
const (
	maxRatio   = 200
	ratioBytes = 1 << 20
)

var errExpanded = fmt.Errorf("more than %d times as long once decompressed, the limit", maxRatio)

// boundedBody guards against bodies that are small until they are decompressed.
type boundedBody struct {
	io.ReadCloser
	packed *countedBody
	read   int64
	left   int64
}

func (b *boundedBody) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into[:min(int64(len(into)), b.left+1)])
	b.read += int64(n)
	if b.left -= int64(n); b.left < 0 {
		return n + int(b.left), errUnpackedTooLong
	}
	if b.read > ratioBytes && b.read > maxRatio*b.packed.bytes {
		return 0, errExpanded
	}
	return n, err
}

// countedBody counts the bytes that arrive.
type countedBody struct {
	io.Reader
	bytes int64
}

func (c *countedBody) Read(into []byte) (int, error) {
	n, err := c.Reader.Read(into)
	c.bytes += int64(n)
	return n, err
}

// undeclaredBody notices a compressed body that does not say so, which would otherwise look like lines of garbage.
type undeclaredBody struct {
	io.Reader
	begun bool
}

func (b *undeclaredBody) Read(into []byte) (int, error) {
	n, err := b.Reader.Read(into)
	if n > 0 && !b.begun {
		b.begun = true
		switch encoding := unpack.Magic(into[:n]); encoding {
		case unpack.Identity:
		case unpack.Bzip2:
			return 0, errors.New("it is compressed by bzip2; want gzip, zstd or no compression")
		default:
			return 0, fmt.Errorf("it is compressed by %s; say so with Content-Encoding: %s", encoding, encoding)
		}
	}
	return n, err
}
