package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// compressed is what the name of a file's gzip sibling ends with.
const compressed = ".gz"

// file is a file that was built, and for how long a browser may keep it.
type file struct{ name, caching string }

// serve answers with the file, compressed if the client takes that, and reports whether there is such a file.
func (f file) serve(w http.ResponseWriter, r *http.Request, built fs.FS) bool {
	if strings.HasSuffix(f.name, compressed) {
		return false
	}
	smaller, err := fs.ReadFile(built, f.name+compressed)
	hasSmaller := err == nil
	sendsSmaller := hasSmaller && acceptsGzip(r.Header.Get("Accept-Encoding"))
	content := smaller
	if !sendsSmaller {
		if content, err = fs.ReadFile(built, f.name); err != nil {
			return false
		}
	}
	header := w.Header()
	header.Set("Content-Type", contentType(f.name))
	header.Set("Cache-Control", f.caching)
	if hasSmaller {
		header.Add("Vary", "Accept-Encoding")
	}
	if sendsSmaller {
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", etag(content))
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(content))
	return true
}

// unpacked also has files of which the one below has only the compressed form, as an image of most. Each is unpacked once, which takes several times as long as
// answering a request.
type unpacked struct {
	fs.FS
	byName sync.Map // of names to contents
}

// ReadFile implements fs.ReadFileFS. The content must not be changed.
func (u *unpacked) ReadFile(name string) ([]byte, error) {
	content, err := fs.ReadFile(u.FS, name)
	if err == nil {
		return content, nil
	}
	if before, is := u.byName.Load(name); is {
		return before.([]byte), nil
	}
	smaller, isMissing := fs.ReadFile(u.FS, name+compressed)
	if isMissing != nil {
		return nil, err
	}
	if content, err = unpack(smaller); err == nil {
		u.byName.Store(name, content)
	}
	return content, err
}

func unpack(smaller []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(smaller))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// contentType does not ask the machine, whose table may have anything for .js.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".map":
		return "application/json"
	default:
		return mime.TypeByExtension(path.Ext(name))
	}
}

// etag is of the bytes that are sent, so that the two forms of a file have two.
func etag(content []byte) string {
	const enough = 16
	digest := sha256.Sum256(content)
	return strconv.Quote(hex.EncodeToString(digest[:enough]))
}

// acceptsGzip tells whether a header Accept-Encoding has gzip, and not with q=0.
func acceptsGzip(header string) bool {
	for coding := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		quality, weighed := strings.CutPrefix(strings.ReplaceAll(parameters, " ", ""), "q=")
		value, err := strconv.ParseFloat(quality, 64)
		return !weighed || err == nil && value > 0
	}
	return false
}
