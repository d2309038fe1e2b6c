// Package settingtest checks that what a README says of settings is what their declarations say.
package settingtest

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/service"
)

// CheckREADME fails the test for every flag of a configuration, a struct with kong's tags, that the file does not name, and for every number among them whose
// default is not beside a mention, in the same row of a table or the same paragraph.
func CheckREADME(t *testing.T, file string, config any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	passages := passagesOf(string(text))
	for _, setting := range settingsOf(reflect.TypeOf(config)) {
		mentions := slices.DeleteFunc(slices.Clone(passages), func(passage string) bool { return !setting.isNamedIn(passage) })
		switch {
		case len(mentions) == 0:
			t.Errorf("%s does not name --%s", file, setting.flag)
		case setting.isNumber && !slices.ContainsFunc(mentions, setting.hasDefaultIn):
			t.Errorf("%s does not say beside --%s that its default is %s", file, setting.flag, setting.forms[0])
		}
	}
}

// passagesOf are the paragraphs of a text, and the rows of its tables.
func passagesOf(text string) (passages []string) {
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if strings.HasPrefix(paragraph, "|") {
			passages = append(passages, strings.Split(paragraph, "\n")...)
			continue
		}
		passages = append(passages, strings.ReplaceAll(paragraph, "\n", " "))
	}
	return passages
}

// setting is one flag.
type setting struct {
	flag     string
	isNumber bool     // with a default
	forms    []string // in which a text may have the default
}

func settingsOf(config reflect.Type) (settings []setting) {
	for field := range config.Fields() {
		if field.Anonymous {
			settings = append(settings, settingsOf(field.Type)...)
			continue
		}
		if _, isArgument := field.Tag.Lookup("arg"); isArgument || field.Tag.Get("help") == "" {
			continue
		}
		forms := formsOf(field)
		settings = append(settings, setting{flag: service.FlagOf(field), isNumber: len(forms) > 0, forms: forms})
	}
	return settings
}

// formsOf is empty for a setting that is not a number, or whose default is 0.
func formsOf(field reflect.StructField) []string {
	text := field.Tag.Get("default")
	if field.Type == reflect.TypeFor[time.Duration]() {
		duration, err := time.ParseDuration(text)
		if err != nil {
			return nil
		}
		return durationForms(duration)
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number == 0 {
		return nil
	}
	return numberForms(number)
}

func durationForms(duration time.Duration) (forms []string) {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if duration%unit.length == 0 {
			forms = append(forms, fmt.Sprintf("%d %s", duration/unit.length, unit.name))
		}
	}
	return forms
}

func numberForms(number int64) []string {
	forms := []string{withCommas(number), strconv.FormatInt(number, 10)}
	for shift, unit := range map[int]string{10: "KiB", 20: "MiB", 30: "GiB"} {
		if size := number >> shift; size > 0 && size < 1024 && size<<shift == number {
			forms = append(forms, fmt.Sprintf("%d %s", size, unit))
		}
	}
	return forms
}

func withCommas(number int64) string {
	digits := strconv.FormatInt(number, 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

func (s setting) isNamedIn(text string) bool {
	return regexp.MustCompile(`--` + s.flag + `($|[^a-z-])`).MatchString(text)
}

func (s setting) hasDefaultIn(text string) bool {
	return slices.ContainsFunc(s.forms, func(form string) bool {
		return regexp.MustCompile(`(^|[^\d.,])` + regexp.QuoteMeta(form) + `($|[^\d.,\w]|[.,]\D)`).MatchString(text)
	})
}
