package api

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"atlasstream/services/gateway/internal/protocol"
)

func TestQuery(t *testing.T) {
	for raw, want := range map[string]string{
		"":                                 "",
		"from=2015-03-27T00:08Z&_=3&rnd=":  "",
		"from=1&from=2":                    "[repeated_parameter] from: came 2 times, want it once",
		"form=1":                           `[unknown_parameter] "form": there is no such parameter; there are from, count and word`,
		"count=0":                          `[invalid_parameter] count: got "0", want a whole number from 1 to 9`,
		"count=1.5":                        `[invalid_parameter] count: got "1.5", want a whole number from 1 to 9`,
		"count=":                           `[invalid_parameter] count: got "", want a whole number from 1 to 9`,
		"count=99999999999999999999":       `[invalid_parameter] count: got "99999999999999999999", want a whole number from 1 to 9`,
		"word=c":                           `[invalid_parameter] word: got "c", want one of a, b`,
		"word=%ff":                         `[invalid_parameter] word: got "\xff", want UTF-8`,
		"from=yesterday":                   `[invalid_parameter] from: got "yesterday", want Unix seconds up to`,
		"count=0&word=c":                   `[invalid_parameter] count: got "0", want a whole number from 1 to 9`,
		"count=" + strings.Repeat("x", 90): `[invalid_parameter] count: got "` + strings.Repeat("x", 60) + `"…, want`,
		"a;b":                              "[malformed] query: it cannot be read",
	} {
		asked, err := readQuery(raw, []string{"from", "count", "word"})
		if err == nil {
			asked.number("count", 1, 9, 5)
			asked.oneOf("word", "a", "b")
			asked.time("from")
			err = asked.err
		}
		got := ""
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"msm=1001&from=2015-03-27T00:08Z&to=1426633200.5&buckets=240", "q=k-root%20dns&after=5&limit=500", "from=1e400&count=-0", "from=%zz", "word=a&word=b", "&&=&;",
		"token=x&client=y&_=z", "from=9007199254740993&count=+5", "from=2015-03-27T00:08:00%2B01:00", "word=%00%ff\u202e",
	} {
		f.Add(seed)
	}
	parameters := []string{"from", "count", "word", "msm", "country"}
	f.Fuzz(func(t *testing.T, raw string) {
		asked, err := readQuery(raw, parameters)
		if err == nil {
			at, count, word, id := asked.time("from"), asked.number("count", -5, 9, 5), asked.oneOf("word", "a", "b"), asked.measurement("msm")
			if err = asked.err; err == nil {
				if at.Year() > 9999 || !at.Equal(at.Truncate(time.Millisecond)) || count < -5 || count > 9 || id < 0 || word != "" && word != "a" && word != "b" {
					t.Errorf("%q was taken for %s, %d, %d and %q", raw, at, count, id, word)
				}
				return
			}
		}
		refusal, is := errors.AsType[*protocol.Error](err)
		if !is || !utf8.ValidString(refusal.Words) || len(refusal.Words) > 1000 || statusOf(refusal.Code) != 400 {
			t.Errorf("%q: %v", raw, err)
		}
	})
}
