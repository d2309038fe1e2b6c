package subscription

import (
	"slices"
	"strings"

	"atlasstream/services/gateway/internal/protocol"

	"github.com/tidwall/gjson"
)

// Limits of the members that a subscription names.
const (
	MaxFields     = 100 // in acceptedFields
	MaxPathLength = 100 // bytes of a path
	MaxPathDepth  = 8   // names in a path
)

const pathForm = "member names joined with single dots, %d at most, in 1 to %d bytes"

// isPath tells whether a text names a member. Names of no bytes, and with the byte 0, cannot be told.
func isPath(text string) bool {
	names := strings.Split(text, ".")
	return len(text) <= MaxPathLength && len(names) <= MaxPathDepth && !slices.Contains(names, "") && !strings.Contains(text, fieldSeparator)
}

func (p *parser) readFields(name string, value gjson.Result) error {
	paths, err := listOf(name, value)
	if err != nil {
		return err
	}
	switch {
	case len(paths) == 0:
		return protocol.Refuse(protocol.CodeInvalidParameter, "%s: got 0 names, want 1 to %d", name, MaxFields)
	case len(paths) > MaxFields:
		return protocol.Refuse(protocol.CodeInvalidParameter, "%s: got more than %d names, want 1 to %[2]d", name, MaxFields)
	}
	for _, path := range paths {
		if !isPath(path) {
			return protocol.Refuse(protocol.CodeInvalidParameter, "%s: got %q, want "+pathForm, name, shorten(path), MaxPathDepth, MaxPathLength)
		}
	}
	p.subscription.Fields = NewFields(paths)
	return nil
}

// listOf takes a list of strings, or a string with names between commas: no more of them than one too many.
func listOf(name string, value gjson.Result) (texts []string, err error) {
	value = inside(value)
	if value.Type == gjson.String {
		for text := range strings.SplitSeq(value.String(), ",") {
			if texts = append(texts, strings.TrimSpace(text)); len(texts) > MaxFields {
				break
			}
		}
		return texts, nil
	}
	if !value.IsArray() {
		return nil, invalid(name, value, `want a list of member names such as ["prb_id","timestamp"]`)
	}
	value.ForEach(func(_, element gjson.Result) bool {
		if element.Type != gjson.String {
			err = protocol.Refuse(protocol.CodeInvalidParameter, "%s: got %s, want names, which are strings", name, brief([]byte(element.Raw)))
			return false
		}
		texts = append(texts, element.String())
		return len(texts) <= MaxFields
	})
	return texts, err
}
