package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"regexp"
	"slices"
	"strings"

	"github.com/quasilyte/gogrep"
)

var variable = regexp.MustCompile(`\$\*?([a-z]+)`)

var errNoMatch = errors.New("nothing behind the comment is as its pattern says")

// apply gives the source of a place's file with the mutation in it.
func (m mutation) apply(at place) ([]byte, error) {
	pattern, _, err := gogrep.Compile(gogrep.CompileConfig{Fset: token.NewFileSet(), Src: m.pattern})
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", m.pattern, err)
	}
	found, ok := firstMatch(pattern, at.node)
	if !ok {
		return nil, errNoMatch
	}
	replaced := variable.ReplaceAllStringFunc(m.replacement, func(name string) string {
		captured, ok := found.CapturedByName(strings.TrimLeft(name, "$*"))
		if !ok {
			err = fmt.Errorf("replacement: %s is not in the pattern", name)
			return ""
		}
		return at.file.text(captured)
	})
	if err != nil {
		return nil, err
	}
	from, to := at.file.offsets(found.Node)
	return format.Source(slices.Concat(at.file.source[:from], []byte(replaced), at.file.source[to:]))
}

// firstMatch looks at a node before it looks at its parts.
func firstMatch(pattern *gogrep.Pattern, within ast.Node) (found gogrep.MatchData, ok bool) {
	state := gogrep.NewMatcherState()
	gogrep.Walk(within, func(node ast.Node) bool {
		if !ok {
			pattern.MatchNode(&state, node, func(match gogrep.MatchData) {
				found, ok = gogrep.MatchData{Node: match.Node, Capture: slices.Clone(match.Capture)}, true
			})
		}
		return !ok
	})
	return found, ok
}
