package pollpayload

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escapeSize is the size of \uXXXX.
const escapeSize = 6

func isASCII(text []byte) bool {
	for ; len(text) >= 8; text = text[8:] {
		if binary.NativeEndian.Uint64(text)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, char := range text {
		if char >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isJSON reports whether a packet's text is JSON after Socket.IO's prefix: types, a number of attachments, a namespace, the ID of an
// acknowledgement. Characters beyond ASCII are in JSON's strings only, and can be escaped without changing the value.
func isJSON(text []byte) bool {
	rest := bytes.TrimLeft(text, "0123456789")
	rest = bytes.TrimPrefix(rest, []byte{'-'})
	if len(rest) > 0 && rest[0] == '/' {
		namespace, behind, _ := bytes.Cut(rest, []byte{','})
		if !isASCII(namespace) {
			return false
		}
		rest = bytes.TrimLeft(behind, "0123456789")
	}
	return len(rest) > 0 && strings.IndexByte(`[{"`, rest[0]) >= 0 && json.Valid(rest) // most other text is recognised by its first byte, at no cost
}

// escapedSize is the number of bytes that appendEscaped adds.
func escapedSize(text []byte) int {
	if isASCII(text) {
		return len(text)
	}
	size := 0
	for len(text) > 0 {
		char, width := utf8.DecodeRune(text)
		switch {
		case char < utf8.RuneSelf:
			size++
		case width < utf8.UTFMax:
			size += escapeSize
		default:
			size += 2 * escapeSize
		}
		text = text[width:]
	}
	return size
}

// appendEscaped adds a text with \uXXXX for every UTF-16 code unit that is not ASCII, and \ufffd for every byte that is not UTF-8.
func appendEscaped(body, text []byte) []byte {
	for len(text) > 0 {
		char, width := utf8.DecodeRune(text)
		text = text[width:]
		switch {
		case char < utf8.RuneSelf:
			body = append(body, byte(char))
		case width < utf8.UTFMax:
			body = appendEscape(body, char)
		default:
			high, low := utf16.EncodeRune(char)
			body = appendEscape(appendEscape(body, high), low)
		}
	}
	return body
}

func appendEscape(body []byte, unit rune) []byte {
	const hex = "0123456789abcdef"
	return append(body, '\\', 'u', hex[unit>>12&0xf], hex[unit>>8&0xf], hex[unit>>4&0xf], hex[unit&0xf])
}
