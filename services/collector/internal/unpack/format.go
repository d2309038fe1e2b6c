package unpack

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// headBytes is how much of the beginning of data tells its format: a tar archive's first header, the longest of all.
const headBytes = 512

// FormatError says that data has a format that is not read, by its first bytes.
type FormatError struct{ Name string }

func (e *FormatError) Error() string {
	return fmt.Sprintf("it is %s, want JSON in UTF-8, as lines or arrays", e.Name)
}

// magics are the first bytes of the formats that are not read, from their specifications and the database of file(1).
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

// formatName names the format of data that is not JSON in UTF-8; "" if it may be.
func formatName(head []byte) string {
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

// checkedData is decompressed data that has been looked at.
type checkedData struct {
	io.Reader
	io.Closer
}

// checkFormat refuses data of a format that is not read, and leaves other data unread.
func checkFormat(data io.ReadCloser) (io.ReadCloser, error) {
	head, err := readHead(data)
	if name := formatName(head); name != "" {
		_ = data.Close() // it is not read
		return nil, &FormatError{Name: name}
	}
	rest := io.Reader(data)
	if err != nil {
		rest = failedReader{err}
	}
	return &checkedData{Reader: io.MultiReader(bytes.NewReader(head), rest), Closer: data}, nil
}

const maxIdleReads = 100 // in a row that give neither a byte nor an error

// readHead also returns the error that ended the data before its head was complete, as not every reader returns it twice.
func readHead(data io.Reader) (head []byte, err error) {
	head = make([]byte, 0, headBytes)
	for idle := 0; len(head) < headBytes && err == nil; idle++ {
		var n int
		n, err = data.Read(head[len(head):headBytes])
		if head = head[:len(head)+n]; n > 0 {
			idle = 0
		} else if idle == maxIdleReads && err == nil {
			err = io.ErrNoProgress
		}
	}
	return head, err
}

// failedReader is the rest of data that has ended.
type failedReader struct{ err error }

func (f failedReader) Read([]byte) (int, error) { return 0, f.err }
