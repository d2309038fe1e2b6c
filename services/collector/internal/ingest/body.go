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

// contentEncoding gives the one encoding that a body comes in.
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

// openBody gives the decompressed body, which fails once it is over its limit. To close it leaves the request's own body to the server.
func (l Limits) openBody(w http.ResponseWriter, r *http.Request, body io.ReadCloser, memory *claim) (io.ReadCloser, *refusal) {
	encoding, refused := contentEncoding(r.Header)
	if refused != nil {
		w.Header().Set("Accept-Encoding", acceptedEncodings)
		return nil, refused
	}
	if r.ContentLength > l.BodyBytes {
		return nil, l.refuseUnread(&http.MaxBytesError{Limit: l.BodyBytes})
	}
	if encoding == unpack.Zstd {
		if err := memory.grow(unpack.MaxWindow); err != nil {
			return nil, refuseBusy(err)
		}
	}
	packed := &countedBody{Reader: http.MaxBytesReader(w, body, l.BodyBytes)}
	var plain io.Reader = packed
	if encoding == unpack.Identity {
		plain = &plainBody{Reader: packed}
	}
	unpacked, err := unpack.Open(encoding, plain, unpack.MaxWindow)
	if err != nil {
		return nil, l.refuseUnread(err)
	}
	return &boundedBody{ReadCloser: unpacked, packed: packed, left: l.BodyBytes}, nil
}

var errUnpackedTooLong = errors.New("too long once decompressed")

// mostRatio is how many times as long a body may become by its decompression, beyond the first ratioBytes. Results become 5 to 40 times as long; what is
// made to cost work becomes 1,000 times as long by gzip, and more by zstd.
const (
	mostRatio  = 200
	ratioBytes = 1 << 20
)

var errSwollen = fmt.Errorf("more than %d times as long once decompressed as it came, the limit", mostRatio)

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
	if b.read > ratioBytes && b.read > mostRatio*b.packed.bytes {
		return 0, errSwollen
	}
	return n, err
}

// countedBody counts what comes.
type countedBody struct {
	io.Reader
	bytes int64
}

func (c *countedBody) Read(into []byte) (int, error) {
	n, err := c.Reader.Read(into)
	c.bytes += int64(n)
	return n, err
}

// plainBody notices a compressed body that does not say so, which would otherwise look like lines of garbage.
type plainBody struct {
	io.Reader
	begun bool
}

func (b *plainBody) Read(into []byte) (int, error) {
	n, err := b.Reader.Read(into)
	if n > 0 && !b.begun {
		b.begun = true
		switch encoding := unpack.Magic(into[:n]); encoding {
		case unpack.Identity:
		case unpack.Bzip2:
			return 0, errors.New("it is compressed by bzip2, want gzip, zstd or none")
		default:
			return 0, fmt.Errorf("it is compressed by %s; say so with Content-Encoding: %s", encoding, encoding)
		}
	}
	return n, err
}
