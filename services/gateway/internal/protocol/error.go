package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Error is an error as the client is told it: "[code] words".
type Error struct {
	Code  Code
	Words string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("[%s] %s", e.Code, e.Words) }

// Errorf makes an Error with words as fmt.Sprintf does.
func Errorf(code Code, format string, arguments ...any) *Error {
	return &Error{Code: code, Words: fmt.Sprintf(format, arguments...)}
}

// Payload is the payload of an atlas_error: a JSON string, as RIPE's clients print it.
func (e *Error) Payload() []byte {
	var payload bytes.Buffer
	encoder := json.NewEncoder(&payload)
	encoder.SetEscapeHTML(false) // it is not HTML
	if err := encoder.Encode(e.Error()); err != nil {
		panic(err) // a string always has a JSON form
	}
	return bytes.TrimSpace(payload.Bytes())
}
