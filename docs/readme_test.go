// Package docs holds what the documents say against the code: codes, events, parameters, flags, defaults, metrics, tests and links.
package docs

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	gatewayReadme   = "services/gateway/README.md"
	collectorReadme = "services/collector/README.md"
	protocolFolder  = "services/gateway/internal/protocol"
)

var (
	sharedFolders    = []string{"pkg/service", "pkg/kafkasettings"}
	gatewayFolders   = append([]string{"services/gateway", "services/gateway/cmd/gateway"}, sharedFolders...)
	collectorFolders = append([]string{"services/collector", "services/collector/cmd/collector", "services/simulator"}, sharedFolders...)
)

// compare demands that two sets of names are the same.
func compare[A, B any](t *testing.T, what string, documented map[string]A, declared map[string]B) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(documented)) {
		if _, is := declared[name]; !is {
			t.Errorf("%s: %s is documented, and the code does not have it", what, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		if _, is := documented[name]; !is {
			t.Errorf("%s: the code has %s, which is not documented", what, name)
		}
	}
}

// firstColumn is what the tables under some headings have between backticks in their first column.
func firstColumn(t *testing.T, in document, headings ...string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, heading := range headings {
		for _, row := range in.rows(t, heading) {
			for _, name := range quoted(row[0]) {
				names[name] = true
			}
		}
	}
	return names
}

func TestErrorCodesAreThoseOfTheCode(t *testing.T) {
	readme := readDocument(t, gatewayReadme)
	declared := stringConstants(t, protocolFolder, "Code")
	documented := firstColumn(t, readme, "## Errors", "## Read API")
	compare(t, gatewayReadme, documented, declared)
	for _, row := range readme.rows(t, "### Plain GET") {
		for _, code := range quoted(row[1]) {
			if _, is := declared[code]; !is && code != "too_many_…" {
				t.Errorf("the table of statuses has the code %s, which the code does not", code)
			}
		}
	}
}

var codeInText = regexp.MustCompile("`\\[([a-z]+(?:_[a-z]+)+|gap|malformed)\\][^`]*`")

func TestErrorCodesInTextAreThoseOfTheCode(t *testing.T) {
	declared := stringConstants(t, protocolFolder, "Code")
	for _, path := range documents(t) {
		for _, match := range codeInText.FindAllStringSubmatch(readDocument(t, path).text(), -1) {
			if _, is := declared[match[1]]; !is {
				t.Errorf("%s speaks of the code [%s], which the code does not have", path, match[1])
			}
		}
	}
}

func TestEventsAreThoseOfTheCode(t *testing.T) {
	compare(t, gatewayReadme, firstColumn(t, readDocument(t, gatewayReadme), "## Events"), stringConstants(t, protocolFolder, "Event"))
}

func TestParametersAreThoseOfTheCode(t *testing.T) {
	const folder = "services/gateway/internal/subscription"
	fold := func(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
	documented := map[string]bool{}
	for name := range firstColumn(t, readDocument(t, gatewayReadme), "## Parameters") {
		documented[fold(name)] = true
	}
	delete(documented, "greaterthan") // the other name of greaterTo
	declared := mapKeys(t, folder, "parameters")
	compare(t, gatewayReadme, documented, declared)
}

var flagInText = regexp.MustCompile("`--([a-z][a-z-]*[a-z])")

// foreign are flags of other programs that READMEs name.
var foreign = []string{"data-binary", "compressed", "http2-prior-knowledge", "help", "version", "target", "build-arg", "command-config"}

func TestFlagsThatAreNamedExist(t *testing.T) {
	all := settings(t, slices.Concat(gatewayFolders, collectorFolders, []string{"services/standalone", "services/standalone/stack", "services/bench"})...)
	for path, flags := range map[string]map[string]setting{
		"README.md":         all,
		gatewayReadme:       settings(t, gatewayFolders...),
		collectorReadme:     settings(t, collectorFolders...),
		"k8s/README.md":     all,
		"docs/SECURITY.md":  all,
		"docs/CHANGELOG.md": all,
		"docs/glossary.md":  all,

		"docs/decisions/0003-archives-are-topics.md": all,
		"docs/decisions/0004-sealed-cursors.md":      all,
		"docs/decisions/0006-one-delivery-path.md":   all,
	} {
		for _, match := range flagInText.FindAllStringSubmatch(readDocument(t, path).text(), -1) {
			if _, is := flags[match[1]]; !is && !slices.Contains(foreign, match[1]) {
				t.Errorf("%s speaks of --%s, which there is not", path, match[1])
			}
		}
	}
}

// besideTheirDefault are rows of the gateway's limits that name a setting of which they follow.
var besideTheirDefault = map[string]string{"messages of a Socket.IO client that wait while Kafka does not answer": "max-message"}

func TestLimitsOfTheGatewayHaveTheirDefaults(t *testing.T) {
	flags := settings(t, gatewayFolders...)
	for _, row := range readDocument(t, gatewayReadme).rows(t, "## Limits") {
		for _, name := range quoted(row[2]) {
			flag := strings.TrimPrefix(name, "--")
			if besideTheirDefault[row[0]] != flag {
				checkDefault(t, gatewayReadme, row[1], flag, flags)
			}
		}
	}
}

func TestLimitsOfTheCollectorHaveTheirDefaults(t *testing.T) {
	flags := settings(t, collectorFolders...)
	for _, row := range readDocument(t, collectorReadme).rows(t, "## Limits") {
		for _, name := range quoted(row[0]) {
			checkDefault(t, collectorReadme, row[0], strings.TrimPrefix(name, "--"), flags)
		}
	}
}

// checkDefault demands that a text has the default of a flag, as people write it. One without a default follows from others.
func checkDefault(t *testing.T, path, text, flag string, flags map[string]setting) {
	t.Helper()
	setting, exists := flags[flag]
	if !exists {
		t.Errorf("%s has a limit --%s, which there is not", path, flag)
		return
	}
	value := setting.tag.Get("default")
	if value == "" {
		return
	}
	forms := []string{value}
	if setting.kind == "time.Duration" {
		forms = durationForms(t, value)
	} else if number, err := strconv.ParseInt(value, 10, 64); err == nil {
		forms = numberForms(number)
	}
	for _, form := range forms {
		if regexp.MustCompile(`(^|[^0-9,.])` + regexp.QuoteMeta(form) + `($|[^0-9,]|,[^0-9])`).MatchString(text) {
			return
		}
	}
	t.Errorf("%s: the default of --%s is %s, which %q does not say", path, flag, strings.Join(forms, " or "), text)
}

func durationForms(t *testing.T, value string) (forms []string) {
	t.Helper()
	duration, err := time.ParseDuration(value)
	if err != nil {
		t.Fatal(err)
	}
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if duration%unit.of == 0 {
			forms = append(forms, fmt.Sprintf("%d %s", duration/unit.of, unit.name))
		}
	}
	return forms
}

func numberForms(number int64) []string {
	forms := []string{strconv.FormatInt(number, 10), withCommas(number)}
	for _, unit := range []struct {
		of   int64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if number >= unit.of && number%unit.of == 0 {
			forms = append(forms, fmt.Sprintf("%d %s", number/unit.of, unit.name))
		}
	}
	return forms
}

func withCommas(number int64) string {
	digits := strconv.FormatInt(number, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

var variableInText = regexp.MustCompile(`ATLAS_[A-Z][A-Z_]*[A-Z]`)

// besideSettings are variables of the tests and of the pages' development server.
var besideSettings = []string{"ATLAS_KAFKA_LIBS", "ATLAS_GATEWAY"}

func TestVariablesThatAreNamedExist(t *testing.T) {
	file, err := os.Open(filepath.Join(root, "pkg/service/variables.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	exist := map[string]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		exist[strings.TrimSpace(lines.Text())] = true
	}
	for _, path := range documents(t) {
		for _, name := range variableInText.FindAllString(strings.Join(readDocument(t, path).lines, "\n"), -1) {
			if !exist[name] && !slices.Contains(besideSettings, name) {
				t.Errorf("%s speaks of the variable %s, which no program reads", path, name)
			}
		}
	}
}

var metricInText = regexp.MustCompile("`(?:atlas|…)_([a-z_]+[a-z])(?:\\{[^`]*\\})?`")

func TestMetricsThatAreNamedExist(t *testing.T) {
	exist := map[string]bool{}
	for _, folder := range goFolders(t) {
		for _, literal := range literals(t, folder) {
			exist[literal] = true
		}
	}
	for _, path := range documents(t) {
		for _, match := range metricInText.FindAllStringSubmatch(readDocument(t, path).text(), -1) {
			if !existsAs(exist, match[0], match[1]) {
				t.Errorf("%s speaks of the metric %s, which no program has", path, match[0])
			}
		}
	}
}

// existsAs tells whether there is a metric of that name, or with that end where the beginning is left out. Most are written without what is common to all
// metrics of their package.
func existsAs(exist map[string]bool, quoted, rest string) bool {
	if exist["atlas_"+rest] {
		return true
	}
	for _, cut, found := strings.Cut(rest, "_"); found; _, cut, found = strings.Cut(cut, "_") {
		if exist[cut] {
			return true
		}
	}
	return exist[rest] && strings.HasPrefix(quoted, "`…")
}

func TestTopicsAreThoseOfTheCode(t *testing.T) {
	documented := map[string]bool{}
	for _, row := range readDocument(t, "README.md").rows(t, "## Run it on your Kafka") {
		for _, name := range quoted(row[0]) {
			if strings.HasPrefix(name, "atlas.") {
				documented[strings.TrimSuffix(name, "NAME")] = true
			}
		}
	}
	declared := map[string]bool{}
	for value := range stringConstants(t, "pkg/eventlog", "") {
		if strings.HasPrefix(value, "atlas.") {
			declared[value] = true
		}
	}
	compare(t, "the topics of README.md", documented, declared)
}
