package jsonpathtest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Sample has real results and connection events.
type Sample struct {
	Values  [][]byte
	Decoded []map[string]any
	Paths   [][]string // that each value has, in order
}

// RealSample gives those of pkg/atlas/testdata to the tests of a package in services/gateway/internal. Nobody may change them.
var RealSample = sync.OnceValue(func() *Sample {
	files, err := filepath.Glob("../../../../pkg/atlas/testdata/*.jsonl.gz")
	if err != nil || len(files) == 0 {
		panic("there are no real results")
	}
	sample := &Sample{}
	for _, file := range files {
		if filepath.Base(file) == "probes.jsonl.gz" {
			continue
		}
		for _, line := range linesOf(file) {
			sample.add(line)
		}
	}
	return sample
})

func linesOf(file string) [][]byte {
	packed, err := os.Open(file)
	if err != nil {
		panic(err)
	}
	defer func() { _ = packed.Close() }()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		panic(err)
	}
	content, err := io.ReadAll(unpacked)
	if err != nil {
		panic(err)
	}
	return bytes.Split(bytes.TrimSpace(content), []byte("\n"))
}

func (s *Sample) add(value []byte) {
	decoded := Decode(value).(map[string]any)
	paths := make(map[string]bool)
	collectPaths(decoded, "", paths)
	s.Values, s.Decoded, s.Paths = append(s.Values, value), append(s.Decoded, decoded), append(s.Paths, slices.Sorted(maps.Keys(paths)))
}

func collectPaths(value any, path string, into map[string]bool) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			below := strings.TrimPrefix(path+"."+name, ".")
			into[below] = true
			collectPaths(member, below, into)
		}
	case []any:
		for _, element := range value {
			collectPaths(element, path, into)
		}
	}
}

// IsPlain rules out what Decode takes in another way: lone surrogates, and bytes after the value.
func IsPlain(value []byte) bool {
	return json.Valid(value) && utf8.Valid(value) && !strings.Contains(strings.ToLower(string(value)), `\ud`)
}
