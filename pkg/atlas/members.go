package atlas

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Values are checked by RFC 8259. Repeated names in nested objects and lone surrogates in escapes are legal there, and are kept.
var syntax = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

type memberScanner struct {
	reader  bytes.Reader
	decoder *jsontext.Decoder
	name    [64]byte // enough for most names
}

var memberScanners = sync.Pool{New: func() any {
	scanner := &memberScanner{}
	scanner.decoder = jsontext.NewDecoder(&scanner.reader, syntax...)
	return scanner
}}

// visitMembers checks that raw is one JSON object in UTF-8, no deeper than MaxDepth, and calls visit with each of its members, whose name and value are
// valid during the call only; it stops at the first error.
func visitMembers(raw []byte, visit func(name, value []byte) error) error {
	return visitObject(raw, visit, syntax)
}

func visitObject(raw []byte, visit func(name, value []byte) error, options []jsontext.Options) error {
	if !utf8.Valid(raw) {
		return errors.New("not valid UTF-8")
	}
	if err := CheckDepth(raw); err != nil {
		return err
	}
	scanner := memberScanners.Get().(*memberScanner)
	defer memberScanners.Put(scanner)
	scanner.reader.Reset(raw)
	scanner.decoder.Reset(&scanner.reader, options...)
	return scanner.object(visit)
}

func (s *memberScanner) object(visit func(name, value []byte) error) error {
	switch kind := s.decoder.PeekKind(); kind {
	case '{':
	case 'n', 'f', 't', '"', '0', '[':
		return fmt.Errorf("not a JSON object but %s", kindName(kind))
	default: // a syntax error, which ReadToken reports
	}
	if _, err := s.decoder.ReadToken(); err != nil {
		return syntaxError(err)
	}
	for s.decoder.PeekKind() != '}' {
		if err := s.member(visit); err != nil {
			return err
		}
	}
	if _, err := s.decoder.ReadToken(); err != nil {
		return syntaxError(err)
	}
	return s.end()
}

func (s *memberScanner) member(visit func(name, value []byte) error) error {
	quoted, err := s.decoder.ReadValue()
	if err != nil {
		return syntaxError(err)
	}
	name, err := unquote(s.name[:0], quoted)
	if err != nil {
		return syntaxError(err)
	}
	value, err := s.decoder.ReadValue()
	if err != nil {
		return syntaxError(err)
	}
	return visit(name, value)
}

func (s *memberScanner) end() error {
	switch _, err := s.decoder.ReadToken(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return syntaxError(err)
	default:
		return errors.New("more than one JSON value")
	}
}

func syntaxError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("not valid JSON: unexpected end")
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return fmt.Errorf("%s: given twice, want it once", syntactic.JSONPointer.LastToken())
		}
		return fmt.Errorf("not valid JSON at byte %d: %w", syntactic.ByteOffset, syntactic.Err)
	}
	return fmt.Errorf("not valid JSON: %w", err)
}

func kindName(kind jsontext.Kind) string {
	switch kind {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	default:
		return "an array"
	}
}

// unquote appends the text of a JSON string to into; most strings need no unescaping.
func unquote(into, quoted []byte) ([]byte, error) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return append(into, quoted[1:len(quoted)-1]...), nil
	}
	return jsontext.AppendUnquote(into, quoted)
}
