package atlas

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// CheckValue refuses what ParseResult and ParseProbeStatus refuse whatever its members are: what is not one JSON object in UTF-8, no deeper than MaxDepth. It
// is faster than they are.
func CheckValue(value []byte) error {
	if !bytes.HasPrefix(bytes.TrimLeft(value, " \t\r\n"), []byte("{")) {
		return errors.New("not a JSON object")
	}
	if !utf8.Valid(value) {
		return errors.New("not valid UTF-8")
	}
	if err := CheckDepth(value); err != nil { // before gjson, which recurses
		return err
	}
	if !gjson.ValidBytes(value) {
		return errors.New("not valid JSON")
	}
	return nil
}
