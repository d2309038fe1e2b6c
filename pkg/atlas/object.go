package atlas

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Object is the registry's object of a probe or a measurement, in the format of RIPE's API, on one line. The last one of an ID is valid.
type Object struct {
	ID       int64
	Value    []byte // empty: the object was deleted
	Position Position
}

// Key is the Kafka key of the object: its ID in decimal digits.
func (o *Object) Key() string { return strconv.FormatInt(o.ID, 10) }

func newObject(id int64, raw []byte) (Object, error) {
	value, err := oneLine(raw)
	return Object{ID: id, Value: value}, err
}

// objectSyntax is stricter than that of results: parsers differ in which of two members with the same name they take, and is_public decides who sees what.
var objectSyntax = []jsontext.Options{jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(true)}

// memberReaders read the members of an object into a T, by name. Other members are ignored.
type memberReaders[T any] map[string]func(into *T, value []byte) error

// read checks that raw is one JSON object and reads its members. RIPE's API has null for unknown values, so null counts as missing.
func (m memberReaders[T]) read(into *T, raw []byte) error {
	return visitObject(raw, func(name, value []byte) error {
		read, known := m[string(name)]
		if !known || isAbsent(value) {
			return nil
		}
		if err := read(into, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}, objectSyntax)
}

// isAbsent recognises the two values that RIPE's data has for unknown: null and an empty string.
func isAbsent(value []byte) bool { return string(value) == "null" || string(value) == `""` }

var errNoID = errors.New("id: missing")

func objectID(value []byte) (int64, error) { return wholeNumber(value, 1, MaxID) }

func integer(value []byte) (int64, error) { return wholeNumber(value, math.MinInt64, math.MaxInt64) }

func optionalInteger(into **int64, value []byte) error {
	number, err := integer(value)
	*into = &number
	return err
}

func optionalFloat(into **float64, value []byte) error {
	number, err := strconv.ParseFloat(string(value), 64)
	if err != nil || jsontext.Value(value).Kind() != '0' {
		return fmt.Errorf("got %s, want a number", quoteBriefly(value))
	}
	*into = &number
	return nil
}

func boolean(value []byte) (bool, error) {
	switch string(value) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("got %s, want true or false", quoteBriefly(value))
}

func optionalBoolean(into **bool, value []byte) error {
	truth, err := boolean(value)
	*into = &truth
	return err
}

// maxText bounds a text in bytes, as gateways keep those of all objects. The longest real one is a tag of about 50.
const maxText = 200

// text reads a string of at most maxText bytes.
func text(into *string, value []byte) error {
	unquoted, isString := stringValue(value)
	if !isString {
		return fmt.Errorf("got %s, want a string", quoteBriefly(value))
	}
	if len(unquoted) > maxText {
		return fmt.Errorf("got a string of %d bytes, want one of at most %d", len(unquoted), maxText)
	}
	*into = string(unquoted)
	return nil
}

// textIfAny reads a string; another value counts as unknown.
func textIfAny(into *string, value []byte) error {
	if unquoted, isString := stringValue(value); isString {
		*into = string(unquoted)
	}
	return nil
}

// timestamp reads a time in Unix seconds or in ISO 8601, both of which RIPE's API has.
func timestamp(into *time.Time, value []byte) error {
	if seconds, err := wholeNumber(value, 0, MaxTimestamp); err == nil {
		*into = time.Unix(seconds, 0).UTC()
		return nil
	}
	unquoted, _ := stringValue(value)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} { // without a zone it is in UTC
		if at, err := time.Parse(layout, string(unquoted)); err == nil {
			*into = at.UTC()
			return nil
		}
	}
	return fmt.Errorf("got %s, want seconds from 0 to %d or a time such as 2015-03-18T00:00:00Z", quoteBriefly(value), int64(MaxTimestamp))
}

// visitElements calls visit with each element of a JSON array that was checked as part of an object.
func visitElements(array []byte, visit func(element jsontext.Value) error) error {
	scanner := memberScanners.Get().(*memberScanner)
	defer memberScanners.Put(scanner)
	scanner.reader.Reset(array)
	decoder := scanner.decoder
	decoder.Reset(&scanner.reader, objectSyntax...)
	if decoder.PeekKind() != '[' {
		return fmt.Errorf("got %s, want an array", quoteBriefly(array))
	}
	if _, err := decoder.ReadToken(); err != nil {
		return syntaxError(err)
	}
	for decoder.PeekKind() != ']' {
		element, err := decoder.ReadValue()
		if err != nil {
			return syntaxError(err)
		}
		if err := visit(element); err != nil {
			return err
		}
	}
	return nil
}
