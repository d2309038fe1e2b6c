package tokens

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Format says what the entries of a file are, for its errors.
type Format struct {
	Entry string // what an entry is: token
	Want  string // an example of the whole file
}

// Parse parses a file: a JSON array of at most MaxEntries objects, each an E, of which read makes a holder. Its errors say where a fault is and what is wanted,
// but do not quote the file: that could be a token.
func Parse[E any, H Holder](file []byte, format Format, read func(entry E) (H, error)) ([]H, error) {
	entries, err := decode[E](file, format)
	if err != nil {
		return nil, err
	}
	if len(entries) > MaxEntries {
		return nil, fmt.Errorf("got %d %ss, want at most %d", len(entries), format.Entry, MaxEntries)
	}
	holders := make([]H, 0, len(entries))
	var faults []error
	for i, entry := range entries {
		holder, err := read(entry)
		if err == nil {
			err = checkUnique(holders, holder)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s %d of %d: %w", format.Entry, i+1, len(entries), err))
		}
		holders = append(holders, holder)
	}
	return holders, errors.Join(faults...)
}

// decode does not return the decoder's errors, which quote the file.
func decode[E any](file []byte, format Format) (entries []E, err error) {
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&entries); err != nil || entries == nil {
		return nil, fmt.Errorf("%snot readable, want %s and no other members", linePrefix(file, err), format.Want)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("got something after the array, want nothing")
	}
	return entries, nil
}

// linePrefix names the line of a decoder's error, if that is known.
func linePrefix(file []byte, err error) string {
	var offset int64
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = wrong.Offset
	} else if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = wrong.Offset
	} else {
		return ""
	}
	return fmt.Sprintf("line %d: ", 1+bytes.Count(file[:min(int(offset), len(file))], []byte{'\n'}))
}

func checkUnique[H Holder](before []H, holder H) error {
	token := holder.TokenDigest()
	if _, repeated := Find(before, token); repeated && token != (Digest{}) {
		return errors.New("token: the same as one before")
	}
	return nil
}
