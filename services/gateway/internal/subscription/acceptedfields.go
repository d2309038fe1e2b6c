package subscription

import (
	"strings"

	"atlasstream/services/gateway/internal/jsonpath"
	"atlasstream/services/gateway/internal/parameter"
)

// maxFields is how many members acceptedFields may have.
const maxFields = 100

// wantPath says what jsonpath.IsPath takes: the arguments are MaxDepth and MaxLength.
const wantPath = "want at most %d member names joined with single dots, in 1 to %d bytes"

// readFields takes an array of strings, or a string with names between commas. They are joined with those of the client's other subscriptions that match a
// record (projection.go), and RecordView.Payload prunes the record to them.
func (p *parser) readFields(value parameter.Value) error {
	list := value.Inside()
	if !list.IsText() && !list.IsArray() {
		return list.Invalid(`want a list of member names such as ["prb_id","timestamp"]`)
	}
	var paths []string
	for _, element := range list.Elements(maxFields) {
		switch {
		case !element.IsText():
			return element.Invalid("want strings")
		case list.IsText():
			paths = append(paths, strings.TrimSpace(element.Str))
		default:
			paths = append(paths, element.Str)
		}
	}
	switch {
	case len(paths) == 0:
		return parameter.Refuse("%s: got 0 names, want 1 to %d", value.Name, maxFields)
	case len(paths) > maxFields:
		return parameter.Refuse("%s: got more than %d names, want 1 to %[2]d", value.Name, maxFields)
	}
	for _, path := range paths {
		if !jsonpath.IsPath(path) {
			return parameter.Refuse("%s: got %q, "+wantPath, value.Name, parameter.Shorten(path), jsonpath.MaxDepth, jsonpath.MaxLength)
		}
	}
	p.subscription.Fields = jsonpath.NewPathSet(paths)
	return nil
}
