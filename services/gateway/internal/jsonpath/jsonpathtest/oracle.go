// Package jsonpathtest does what package jsonpath documents on decoded values, in plain loops: tests compare with it.
package jsonpathtest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// maxNesting is how deep containers may be nested below the top.
const maxNesting = 32

// Decode decodes a JSON value, with numbers as they are written. What is not JSON gives nil.
func Decode(value []byte) (decoded any) {
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	if decoder.Decode(&decoded) != nil {
		return nil
	}
	return decoded
}

// Find gives the scalars that a path leads to.
func Find(value any, path string) []any { return find(value, path, 0) }

func find(value any, path string, nesting int) (scalars []any) {
	switch value := value.(type) {
	case map[string]any:
		if nesting > maxNesting {
			return nil
		}
		if name, rest, found := choose(value, path); found {
			return find(value[name], rest, nesting+1)
		}
	case []any:
		if nesting > maxNesting {
			return nil
		}
		for _, element := range value {
			scalars = append(scalars, find(element, path, nesting+1)...)
		}
	default:
		if path == "" {
			return []any{value}
		}
	}
	return scalars
}

// choose gives the name of the member of an object with which a path continues, and the rest.
func choose(object map[string]any, path string) (name, rest string, found bool) {
	for end := len(path); end > 0; end = strings.LastIndex(path[:end], ".") {
		if _, found := object[path[:end]]; found {
			return path[:end], strings.TrimPrefix(path[end:], "."), true
		}
	}
	return "", "", false
}

// Prune gives what paths keep of a value.
func Prune(value any, paths ...string) any { return prune(value, paths, 0) }

func prune(value any, paths []string, nesting int) any {
	switch value := value.(type) {
	case map[string]any:
		if nesting > maxNesting {
			return map[string]any{}
		}
		return pruneObject(value, paths, nesting)
	case []any:
		kept := []any{}
		for _, element := range value {
			if isContainer(element) && nesting <= maxNesting {
				kept = append(kept, prune(element, paths, nesting+1))
			}
		}
		return kept
	}
	return nil
}

func pruneObject(object map[string]any, paths []string, nesting int) any {
	rests := make(map[string][]string)
	for _, path := range paths {
		if name, rest, found := choose(object, path); found {
			rests[name] = append(rests[name], rest)
		}
	}
	kept := make(map[string]any)
	for name, rests := range rests {
		if slices.Contains(rests, "") {
			kept[name] = object[name]
		} else if isContainer(object[name]) {
			kept[name] = prune(object[name], rests, nesting+1)
		}
	}
	return kept
}

func isContainer(value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// Text gives the text of a scalar.
func Text(scalar any) string {
	switch scalar := scalar.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(scalar)
	case json.Number:
		return scalar.String()
	case string:
		return scalar
	}
	panic("a container")
}
