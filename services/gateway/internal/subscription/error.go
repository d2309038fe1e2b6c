package subscription

import "fmt"

// Code names a kind of refusal. Codes are part of the wire contract: they stay when words change.
type Code string

// The codes of what can be wrong with a subscription itself.
const (
	CodeMalformed Code = "malformed"         // not a JSON object
	CodeUnknown   Code = "unknown_parameter" // a parameter that does not exist
	CodeInvalid   Code = "invalid_parameter" // a parameter with a value that it cannot have
	CodeMissing   Code = "missing_parameter" // a parameter that must be there
	CodeRepeated  Code = "repeated_parameter"
	CodeUnserved  Code = "unserved_parameter" // a parameter of RIPE's service that this one does not serve
	// CodeCursorGone is for a cursor that was one: there is no more what it goes on with, or none may have that any more.
	CodeCursorGone Code = "cursor_gone"
)

// Error is a refusal as the client is told it: "[code] words".
type Error struct {
	Code  Code
	Words string
}

func (e *Error) Error() string { return fmt.Sprintf("[%s] %s", e.Code, e.Words) }

// Refuse words a refusal.
func Refuse(code Code, format string, arguments ...any) *Error {
	return &Error{Code: code, Words: fmt.Sprintf(format, arguments...)}
}
