package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/readlimit"
)

// encode writes an answer as one line of JSON.
func encode(answer any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // the text is not HTML
	if err := encoder.Encode(answer); err != nil {
		panic(err) // JSON can encode every answer
	}
	return text.Bytes()
}

// minCompressed is the length in bytes from which on answers are compressed.
const minCompressed = 4 << 10

// bytesPerMessage is how many bytes of an answer cost as much as one message of the client.
const bytesPerMessage = 64 << 10

// payFor charges the uncompressed length of an answer before it is written.
func (r *request) payFor(ctx context.Context, text []byte) error {
	return r.payForLength(ctx, len(text))
}

func (r *request) payForLength(ctx context.Context, bytes int) error {
	return r.client.Reading().Pay(ctx, costOfBytes(bytes))
}

// costOfBytes returns what bytes of an answer cost, in records.
func costOfBytes(bytes int) int64 { return int64(bytes/bytesPerMessage) * readlimit.RecordsPerMessage }

// write answers a request with a text that must not be cached.
func (r *request) write(ctx context.Context, w http.ResponseWriter, answer any) error {
	text := encode(answer)
	if err := r.payFor(ctx, text); err != nil {
		return err
	}
	r.writeText(w, text)
	return nil
}

// pieces are a text in parts, which are not joined: clients with the same request share long parts.
type pieces [][]byte

func (p pieces) length() (bytes int) {
	for _, piece := range p {
		bytes += len(piece)
	}
	return bytes
}

func (p pieces) writeTo(w io.Writer) {
	for _, piece := range p {
		if _, err := w.Write(piece); err != nil {
			return // the client is gone
		}
	}
}

// writeText writes a text that has been paid for, compressed if the client accepts that.
func (r *request) writeText(w http.ResponseWriter, text ...[]byte) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.Header().Add("Vary", "Accept-Encoding")
	if pieces(text).length() >= minCompressed && acceptsGzip(r.Header.Values("Accept-Encoding")) {
		w.Header().Set("Content-Encoding", "gzip")
		text = pieces{compress(text...)}
	}
	w.Header().Set("Content-Length", strconv.Itoa(pieces(text).length()))
	pieces(text).writeTo(w)
}

func compress(text ...[]byte) []byte {
	var compressed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&compressed, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is valid
	}
	pieces(text).writeTo(writer)
	_ = writer.Close()
	return compressed.Bytes()
}

// acceptsGzip reads the lines of Accept-Encoding (RFC 9110, section 12.5.3).
func acceptsGzip(lines []string) bool {
	for coding := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		name, weight, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(coding, " ", "")), ";")
		if name != "gzip" {
			continue
		}
		if q, err := strconv.ParseFloat(strings.TrimPrefix(weight, "q="), 64); weight == "" || err == nil && q > 0 {
			return true
		}
	}
	return false
}

// instant is a time in answers: Unix seconds to the millisecond, or null for the zero time.
type instant time.Time

// MarshalJSON implements json.Marshaler.
func (i instant) MarshalJSON() ([]byte, error) {
	at := time.Time(i)
	if at.IsZero() {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(at.UnixMilli())/1000, 'f', -1, 64), nil
}

// tenths rounds a figure to the precision of an estimate.
func tenths(figure float64) *float64 {
	rounded := math.Round(10*figure) / 10
	return &rounded
}

// orNull returns nil for the zero value, which means unknown.
func orNull[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}
