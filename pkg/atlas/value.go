package atlas

import (
	"errors"
	"fmt"
)

// CheckValue refuses what ParseResult and ParseProbeStatus refuse whatever its members are: what is not one JSON object in UTF-8, no deeper than MaxDepth. It
// is several times as fast as they are.
func CheckValue(value []byte) error {
	s := scanner{text: value}
	at := s.skipSpace(0)
	if at == len(value) || value[at] != '{' {
		return errors.New("not a JSON object")
	}
	end, err := s.object(at)
	if err != nil {
		return err
	}
	if end = s.skipSpace(end); end < len(value) {
		return fmt.Errorf("not one JSON object: something follows it at byte %d", end)
	}
	return nil
}
