package unpack

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// bzip2Packed are texts that bzip2 compressed, as Go has no writer of it.
var bzip2Packed = map[string]string{
	strings.Repeat("a result\n", 100_000): "QlpoOTFBWSZTWdQlnWkBhp3RgAAQQAAiBB4AIACQIMmIE1VDDU6hSKp9BSKp56hSKpyCkVTIKRVNwUiqcgpFU7BSKpkFIqn5igrJMprKJU/i4AAACowAAIIAARAg8AEAAYgyYgKqaaMLRKFMfUtjRdyRThQkOzixo8A=",
	"two":                                 "QlpoOTFBWSZTWc3cjZoAAACBgAAAhIAgACGYGYRhdyRThQkM3cjZoA==",
	"":                                    "QlpoORdyRThQkAAAAAA=",
	"x":                                   "QlpoOTFBWSZTWXdLsBQAAAAAgABAIAAhGEaC7kinChIO6XYCgA==",
	"{}\n":                                "QlpoOTFBWSZTWVfI3pYAAADAgAAQAAogACGYGYRhdyRThQkFfI3pYA==",
}

func pack(t *testing.T, encoding Encoding, text string, options ...zstd.EOption) []byte {
	t.Helper()
	var packed bytes.Buffer
	var writer io.WriteCloser
	switch encoding {
	case Gzip:
		writer = gzip.NewWriter(&packed)
	case Zstd:
		var err error
		if writer, err = zstd.NewWriter(&packed, options...); err != nil {
			t.Fatal(err)
		}
	case Bzip2:
		packed, err := base64.StdEncoding.DecodeString(bzip2Packed[text])
		if err != nil || len(packed) == 0 {
			t.Fatalf("there is no bzip2 of %.20q, %v", text, err)
		}
		return packed
	default:
		return []byte(text)
	}
	_, err := io.WriteString(writer, text)
	if err := errors.Join(err, writer.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func unpackAll(encoding Encoding, data io.Reader) (string, error) {
	reader, err := Open(encoding, data, MaxWindow)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(reader)
	return string(text), errors.Join(err, reader.Close())
}

// Readers are reused: neither the data nor the error of one body may show in the next.
func TestOpen(t *testing.T) {
	text := strings.Repeat("a result\n", 100_000)
	for _, encoding := range []Encoding{Identity, Gzip, Zstd, Bzip2} {
		for range 3 {
			packed := pack(t, encoding, text)
			got, err := unpackAll(encoding, iotest.HalfReader(bytes.NewReader(packed)))
			if err != nil || got != text {
				t.Fatalf("%s: got %d bytes, %v", encoding, len(got), err)
			}
			got, err = unpackAll(encoding, bytes.NewReader(append(packed, pack(t, encoding, "two")...)))
			if err != nil || got != text+"two" {
				t.Fatalf("%s, two in a row: got %d bytes, %v", encoding, len(got), err)
			}
			if encoding == Identity {
				continue
			}
			_, err = unpackAll(encoding, bytes.NewReader(packed[:len(packed)-3]))
			if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(err.Error(), string(encoding)+": unexpected end") {
				t.Errorf("%s, cut off: got error %v", encoding, err)
			}
			if _, err := unpackAll(encoding, strings.NewReader("not compressed at all")); err == nil || !strings.HasPrefix(err.Error(), string(encoding)+": ") {
				t.Errorf("%s, garbage: got error %v", encoding, err)
			}
			broken := errors.New("broken")
			if _, err := unpackAll(encoding, io.MultiReader(bytes.NewReader(packed[:20]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
				t.Errorf("%s, broken reader: got error %v", encoding, err)
			}
		}
	}
}

func TestZstdWindowIsLimited(t *testing.T) {
	packed := pack(t, Zstd, strings.Repeat("x", 20<<20), zstd.WithWindowSize(16<<20))
	if _, err := unpackAll(Zstd, bytes.NewReader(packed)); !errors.Is(err, zstd.ErrWindowSizeExceeded) {
		t.Errorf("got error %v", err)
	}
	reader, err := Open(Zstd, bytes.NewReader(packed), MaxFileWindow)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if n, err := io.Copy(io.Discard, reader); n != 20<<20 || err != nil {
		t.Errorf("as a file: got %d bytes, %v", n, err)
	}
}

func TestOpenUnknownEncoding(t *testing.T) {
	if _, err := Open("br", strings.NewReader(""), MaxWindow); err == nil || !strings.Contains(err.Error(), `got "br", want gzip, zstd, bzip2 or identity`) {
		t.Errorf("got error %v", err)
	}
}

func TestSniff(t *testing.T) {
	for _, encoding := range []Encoding{Identity, Gzip, Zstd, Bzip2} {
		for _, text := range []string{"", "x", "{}\n"} {
			packed := pack(t, encoding, text)
			reader := bufio.NewReader(iotest.OneByteReader(bytes.NewReader(packed)))
			got, err := Sniff(reader)
			if len(packed) == 0 {
				encoding = Identity
			}
			if err != nil || got != encoding {
				t.Errorf("%s of %q: got %s, %v", encoding, text, got, err)
			}
			if unpacked, err := unpackAll(got, reader); unpacked != text || err != nil {
				t.Errorf("%s of %q: got %q, %v", encoding, text, unpacked, err)
			}
		}
	}
	broken := errors.New("broken")
	if _, err := Sniff(bufio.NewReader(iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("got error %v", err)
	}
}
