package subscription

import (
	"strings"

	"atlasstream/services/gateway/internal/jsonpath"

	"github.com/tidwall/gjson"
)

// maxFields is how many members acceptedFields may have.
const maxFields = 100

// wantPath says what jsonpath.IsPath takes: the arguments are MaxDepth and MaxLength.
const wantPath = "want at most %d member names joined with single dots, in 1 to %d bytes"

func (p *parser) readFields(name string, value gjson.Result) error {
	paths, err := listOf(name, value)
	if err != nil {
		return err
	}
	switch {
	case len(paths) == 0:
		return refuse("%s: got 0 names, want 1 to %d", name, maxFields)
	case len(paths) > maxFields:
		return refuse("%s: got more than %d names, want 1 to %[2]d", name, maxFields)
	}
	for _, path := range paths {
		if !jsonpath.IsPath(path) {
			return refuse("%s: got %q, "+wantPath, name, shorten(path), jsonpath.MaxDepth, jsonpath.MaxLength)
		}
	}
	p.subscription.Fields = jsonpath.NewPathSet(paths)
	return nil
}

// listOf takes an array of strings, or a string with names between commas: at most one more than there may be.
func listOf(name string, value gjson.Result) (texts []string, err error) {
	value = inside(value)
	if value.Type == gjson.String {
		for text := range strings.SplitSeq(value.String(), ",") {
			if texts = append(texts, strings.TrimSpace(text)); len(texts) > maxFields {
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
			err = refuse("%s: got %s, want strings", name, brief([]byte(element.Raw)))
			return false
		}
		texts = append(texts, element.String())
		return len(texts) <= maxFields
	})
	return texts, err
}
