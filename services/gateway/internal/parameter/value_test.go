package parameter

import (
	"errors"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"atlasstream/services/gateway/internal/protocol"
)

// FuzzValue reads any JSON in all ways: what is refused has a short text that says of which parameter, and IDs are in order and each once.
func FuzzValue(f *testing.F) {
	for _, json := range []string{`true`, `"0"`, `[3,"1",2,1]`, `"1, 2"`, `"2015-03-17 15:00"`, `1426633200.5`, `"200/8"`, `"::1"`, `"[\"a b\",4]"`, `{"a":[1]}`, `" "`} {
		f.Add([]byte(json))
	}
	f.Fuzz(func(t *testing.T, json []byte) {
		if !utf8.Valid(json) || !gjson.ValidBytes(json) {
			return
		}
		value := Value{"name", gjson.ParseBytes(json)}
		_, isNoSwitch := value.Switch()
		at, isNoTime := value.Time()
		_, isNoAddress := value.Address()
		prefix, isNoPrefix := value.Prefix()
		ids, areNoIDs := IDs[int64](value)
		for _, err := range []error{isNoSwitch, isNoTime, isNoAddress, isNoPrefix, areNoIDs} {
			var refusal *protocol.Error
			if err != nil && (!errors.As(err, &refusal) || len(err.Error()) > 500 || !utf8.ValidString(err.Error())) {
				t.Errorf("%s: an error of %d bytes: %v", json, len(err.Error()), err)
			}
		}
		if isNoTime == nil && (at.Before(time.Unix(0, 0)) || at.Year() > 10_000) {
			t.Errorf("%s is read as %s", json, at)
		}
		if isNoPrefix == nil && prefix != prefix.Masked() {
			t.Errorf("%s is read as %s", json, prefix)
		}
		if areNoIDs == nil && (len(ids) > MaxIDs || ids[0] < 1 || !slices.Equal(ids, slices.Compact(slices.Sorted(slices.Values(ids))))) {
			t.Errorf("%s is read as %v", json, ids)
		}
		if len(value.Elements(5)) > 6 {
			t.Errorf("%s has %d elements", json, len(value.Elements(5)))
		}
		for range value.Alternatives() {
			break
		}
	})
}
