package pollpayload

import (
	"bytes"
	"iter"
	"unicode/utf8"
)

// decodeDoubleUTF8 decodes, in place, one of the two UTF-8 encodings of a packet's text.
func decodeDoubleUTF8(text []byte) []byte {
	once, _ := appendLatin1(text[:0], text)
	replaceSurrogates(once)
	return once
}

// isDoubleUTF8 reports whether the texts of a body are encoded as UTF-8 twice, by the rule in the package's documentation.
func isDoubleUTF8(texts iter.Seq[part]) bool {
	var once []byte
	beyondASCII := false
	for text := range texts {
		if isASCII(text.data) {
			continue
		}
		var ok bool
		if once, ok = appendLatin1(once[:0], text.data); !ok {
			return false
		}
		replaceSurrogates(once)
		if !utf8.Valid(once) {
			return false
		}
		beyondASCII = true
	}
	return beyondASCII
}

// appendLatin1 appends one byte for each character of a text, which may overlap with dst unless it starts before it. It stops at a character
// that does not fit into a byte.
func appendLatin1(dst, text []byte) (latin1 []byte, ok bool) {
	for i := 0; i < len(text); i++ {
		char := text[i]
		if char >= utf8.RuneSelf {
			if char != 0xc2 && char != 0xc3 { // the first bytes of U+0080 to U+00FF
				return dst, false
			}
			i++
			char = char<<6 | text[i]&0x3f
		}
		dst = append(dst, char)
	}
	return dst, true
}

// replaceSurrogates replaces lone surrogates, which engine.io-parser 1.3 encodes as if they were characters, by U+FFFD.
func replaceSurrogates(text []byte) {
	for {
		start := bytes.IndexByte(text, 0xed)
		if start < 0 || start+3 > len(text) {
			return
		}
		if text[start+1]>>5 == 0b101 && text[start+2]>>6 == 0b10 { // U+D800 to U+DFFF
			copy(text[start:], "\ufffd")
		}
		text = text[start+3:]
	}
}
