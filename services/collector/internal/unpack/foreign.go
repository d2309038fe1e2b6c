package unpack

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// headBytes is how much of the beginning of data tells what it is: a tar archive's first header, the longest of all.
const headBytes = 512

// ForeignError says that data is something that nobody reads as JSON, by its first bytes.
type ForeignError struct{ Name string }

func (e *ForeignError) Error() string {
	return fmt.Sprintf("it is %s, want JSON in UTF-8, as lines or arrays", e.Name)
}

// magics are the first bytes of containers and compressions that are not read here. Those of formats that everybody meets stand in their specifications,
// and in the database of file(1).
var magics = []struct{ bytes, name string }{
	{"PK\x03\x04", "a zip archive"},
	{"PK\x05\x06", "an empty zip archive"},
	{"PK\x07\x08", "a zip archive in parts"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive"},
	{"Rar!\x1a\x07", "a rar archive"},
	{"\xfd7zXZ\x00", "compressed by xz"},
	{"\x5d\x00\x00", "compressed by lzma"},
	{"LZIP", "compressed by lzip"},
	{"\x04\x22\x4d\x18", "compressed by lz4"},
	{"\x1f\x9d", "compressed by compress"},
	{"\xff\x06\x00\x00sNaPpY", "compressed by snappy"},
	{"\x78\x01", "compressed by zlib"},
	{"\x78\x9c", "compressed by zlib"},
	{"\x78\xda", "compressed by zlib"},
	{"PAR1", "a Parquet file"},
	{"Obj\x01", "an Avro file"},
	{"SQLite format 3\x00", "an SQLite database"},
	{"%PDF-", "a PDF document"},
	{"\xff\xfe\x00\x00", "UTF-32 text, little-endian"},
	{"\x00\x00\xfe\xff", "UTF-32 text, big-endian"},
	{"\xff\xfe", "UTF-16 text, little-endian"},
	{"\xfe\xff", "UTF-16 text, big-endian"},
}

// foreign names what data begins as that is no JSON in UTF-8; "" if it may be that.
func foreign(head []byte) string {
	if encoding := Magic(head); encoding != Identity {
		return fmt.Sprintf("compressed by %s once more", encoding)
	}
	for _, magic := range magics {
		if bytes.HasPrefix(head, []byte(magic.bytes)) {
			return magic.name
		}
	}
	if isTar(head) {
		return "a tar archive"
	}
	return wideText(head)
}

// wideText names text of two or four bytes a character, without a byte order mark: JSON begins with ASCII, so the zeros tell (RFC 4627, section 3).
func wideText(head []byte) string {
	if len(head) < 4 {
		head = append(slices.Clip(head), "xxxx"[len(head):]...)
	}
	switch zero := [4]bool{head[0] == 0, head[1] == 0, head[2] == 0, head[3] == 0}; zero {
	case [4]bool{true, true, true, false}:
		return "UTF-32 text, big-endian"
	case [4]bool{false, true, true, true}:
		return "UTF-32 text, little-endian"
	case [4]bool{true, false, true, false}, [4]bool{true, false, false, false}:
		return "UTF-16 text, big-endian"
	case [4]bool{false, true, false, true}, [4]bool{false, true, false, false}:
		return "UTF-16 text, little-endian"
	case [4]bool{}:
		return ""
	}
	return "binary, as it has zero bytes"
}

// isTar goes by the checksum of the first header, which every tar has; the word "ustar" came later (POSIX.1-1988, tar(5)).
func isTar(head []byte) bool {
	const checksumBegin, checksumEnd = 148, 156
	if len(head) < headBytes || head[0] == 0 {
		return false
	}
	want, err := strconv.ParseInt(strings.Trim(string(head[checksumBegin:checksumEnd]), " \x00"), 8, 64)
	if err != nil {
		return false
	}
	sum := int64(0)
	for i, c := range head[:headBytes] {
		if checksumBegin <= i && i < checksumEnd {
			c = ' '
		}
		sum += int64(c)
	}
	return sum == want
}

// text is decompressed data that has been looked at.
type text struct {
	io.Reader
	io.Closer
}

// lookAt refuses data that is foreign, of which it reads the beginning.
func lookAt(data io.ReadCloser) (io.ReadCloser, error) {
	head, err := readHead(data)
	if name := foreign(head); name != "" {
		_ = data.Close() // nobody wants it
		return nil, &ForeignError{Name: name}
	}
	rest := io.Reader(data)
	if err != nil {
		rest = failed{err}
	}
	return &text{Reader: io.MultiReader(bytes.NewReader(head), rest), Closer: data}, nil
}

const mostIdleReads = 100 // in a row that give neither a byte nor an error

// readHead gives the error too that ended the data before its head was whole: not every reader gives it again.
func readHead(data io.Reader) (head []byte, err error) {
	head = make([]byte, 0, headBytes)
	for idle := 0; len(head) < headBytes && err == nil; idle++ {
		var n int
		n, err = data.Read(head[len(head):headBytes])
		if head = head[:len(head)+n]; n > 0 {
			idle = 0
		} else if idle == mostIdleReads && err == nil {
			err = io.ErrNoProgress
		}
	}
	return head, err
}

// failed is what is left of data that has ended.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }
