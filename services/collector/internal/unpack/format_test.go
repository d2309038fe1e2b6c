package unpack

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf16"
)

func inTar(t *testing.T, format tar.Format) string {
	t.Helper()
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	err := writer.WriteHeader(&tar.Header{Name: "a.jsonl", Size: 3, Mode: 0o644, Format: format})
	_, writeErr := io.WriteString(writer, "{}\n")
	if err := errors.Join(err, writeErr, writer.Close()); err != nil {
		t.Fatal(err)
	}
	return archive.String()
}

// inOldTar is an archive of the first tar, without the word "ustar".
func inOldTar(t *testing.T) string {
	t.Helper()
	archive := []byte(inTar(t, tar.FormatUSTAR))
	sum := -int64(0)
	copy(archive[257:265], "\x00\x00\x00\x00\x00\x00\x00\x00")
	copy(archive[148:156], "        ")
	for _, c := range archive[:512] {
		sum += int64(c)
	}
	digits := []byte("000000")
	for i := 5; sum > 0; i, sum = i-1, sum/8 {
		digits[i] = '0' + byte(sum%8)
	}
	copy(archive[148:156], string(digits)+"\x00 ")
	return string(archive)
}

func wide(order binary.AppendByteOrder, text string) string {
	var into []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		into = order.AppendUint16(into, unit)
	}
	return string(into)
}

func TestForeignDataIsNamed(t *testing.T) {
	for _, test := range []struct{ data, want string }{
		{inTar(t, tar.FormatUSTAR), "a tar archive"},
		{inTar(t, tar.FormatGNU), "a tar archive"},
		{inOldTar(t), "a tar archive"},
		{"PK\x03\x04\x14\x00", "a zip archive"},
		{"PK\x05\x06" + strings.Repeat("\x00", 18), "an empty zip archive"},
		{"7z\xbc\xaf\x27\x1c\x00\x04", "a 7z archive"},
		{"\xfd7zXZ\x00\x00\x04", "compressed by xz"},
		{"\xff\xfe{\x00}\x00", "UTF-16 text, little-endian"},
		{"\xfe\xff\x00{\x00}", "UTF-16 text, big-endian"},
		{wide(binary.LittleEndian, "{}\n"), "UTF-16 text, little-endian"},
		{wide(binary.BigEndian, "[{}]"), "UTF-16 text, big-endian"},
		{wide(binary.LittleEndian, "["), "UTF-16 text, little-endian"},
		{wide(binary.BigEndian, "\n{}"), "UTF-16 text, big-endian"},
		{"\x00\x00\x00{", "UTF-32 text, big-endian"},
		{"{\x00\x00\x00", "UTF-32 text, little-endian"},
		{strings.Repeat("\x00", 1024), "binary, as it has zero bytes"},
		{string(pack(t, Gzip, "{}")), "compressed by gzip once more"},
	} {
		for _, encoding := range []Encoding{Gzip, Zstd} {
			_, err := unpackAll(encoding, bytes.NewReader(pack(t, encoding, test.data)))
			if formatName, ok := errors.AsType[*FormatError](err); !ok || formatName.Name != test.want {
				t.Errorf("%.20q in %s: got %v, want %s", test.data, encoding, err, test.want)
			}
		}
	}
}

func TestJSONIsNotForeign(t *testing.T) {
	long := `{"note":"` + strings.Repeat("0000644\x00", 200) + `"}`
	for _, data := range []string{"", "{", "[]", "{}\n", "\ufeff{}", "x", "7", "P", long, strings.Repeat(" ", 1000) + "[]"} {
		if got, err := unpackAll(Identity, strings.NewReader(data)); err != nil || got != data {
			t.Errorf("%.20q: got %.20q, %v", data, got, err)
		}
	}
}

// Formats of files that users had.
func TestForeignFiles(t *testing.T) {
	for name, want := range map[string]string{"forty.tar.gz": "a tar archive", "forty.jsonl.xz": "compressed by xz", "forty-utf16le.jsonl": "UTF-16 text, little-endian"} {
		data, err := os.ReadFile("../../testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = unpackAll(Magic(data), bytes.NewReader(data))
		if formatName, ok := errors.AsType[*FormatError](err); !ok || formatName.Name != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

func FuzzForeign(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte(strings.Repeat("0", 600)))
	f.Add([]byte{0, '{'})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := unpackAll(Identity, bytes.NewReader(data))
		if formatName(data[:min(len(data), headBytes)]) == "" && (err != nil || got != string(data)) {
			t.Fatalf("got %q, %v of %q", got, err, data)
		}
		if begin := bytes.TrimLeft(data, " \t\r\n"); len(begin) > 0 && (begin[0] == '{' || begin[0] == '[') && !bytes.Contains(data, []byte{0}) && err != nil {
			t.Fatalf("%q: got %v", data, err)
		}
	})
}
