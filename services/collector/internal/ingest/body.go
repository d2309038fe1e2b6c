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
func (l Limits) openBody(w http.ResponseWriter, r *http.Request) (io.ReadCloser, *refusal) {
	encoding, refused := contentEncoding(r.Header)
	if refused != nil {
		w.Header().Set("Accept-Encoding", acceptedEncodings)
		return nil, refused
	}
	if r.ContentLength > l.BodyBytes {
		return nil, l.refuseUnread(&http.MaxBytesError{Limit: l.BodyBytes})
	}
	var packed io.Reader = http.MaxBytesReader(w, r.Body, l.BodyBytes)
	if encoding == unpack.Identity {
		packed = &plainBody{Reader: packed}
	}
	unpacked, err := unpack.Open(encoding, packed, unpack.MaxWindow)
	if err != nil {
		return nil, l.refuseUnread(err)
	}
	return &boundedBody{ReadCloser: unpacked, left: l.BodyBytes}, nil
}

var errUnpackedTooLong = errors.New("too long once decompressed")

// boundedBody guards against bodies that are small until they are decompressed.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into[:min(int64(len(into)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return n + int(b.left), errUnpackedTooLong
	}
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
