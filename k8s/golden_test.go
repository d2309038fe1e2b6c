package k8s

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/resmap"
)

var update = flag.Bool("update", false, "write the golden files anew, so that git diff shows what a change does to what is applied")

// What kustomize makes of the folders is in testdata, so that a change of it is seen. Of a component, it is what differs from production without it. Boards, which
// have tests of their own, are left out.
func TestBuildsAreThoseThatWereReviewed(t *testing.T) {
	for _, build := range builds {
		objects := kustomize(t, build)
		got := asText(t, objects, nil)
		if strings.HasPrefix(build, "components/") || build == "examples/site" {
			got = asText(t, objects, kustomize(t, production))
		}
		file := filepath.Join("testdata", strings.ReplaceAll(build, "/", "-")+".yaml")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if line, wanted, found := firstDifference(string(want), got); line > 0 {
			t.Errorf("%s: line %d of %s: got %q, want %q; if it is right, say go test ./k8s -run TestBuilds -update", build, line, file, found, wanted)
		}
	}
}

// firstDifference returns the number of the first line that differs, from 1, and both lines; 0 if none does.
func firstDifference(want, got string) (line int, wanted, found string) {
	wants, gots := strings.SplitAfter(want, "\n"), strings.SplitAfter(got, "\n")
	for i := range max(len(wants), len(gots)) {
		wanted, found = lineAt(wants, i), lineAt(gots, i)
		if wanted != found {
			return i + 1, wanted, found
		}
	}
	return 0, "", ""
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// asText is what the objects have beside others, and the names of what they lack.
func asText(t *testing.T, objects, beside resmap.ResMap) string {
	t.Helper()
	var documents []string
	known := map[string][]byte{}
	if beside != nil {
		known = texts(t, beside)
	}
	all := texts(t, objects)
	for _, object := range objects.Resources() {
		name := object.CurId().String()
		if !bytes.Equal(known[name], all[name]) && object.GetLabels()["grafana_dashboard"] == "" {
			documents = append(documents, string(all[name]))
		}
	}
	if beside == nil {
		return strings.Join(documents, "---\n")
	}
	for _, object := range beside.Resources() {
		if name := object.CurId().String(); all[name] == nil {
			documents = append(documents, "# not there: "+name+"\n")
		}
	}
	return strings.Join(documents, "---\n")
}

func texts(t *testing.T, objects resmap.ResMap) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, object := range objects.Resources() {
		text, err := object.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		all[object.CurId().String()] = text
	}
	return all
}
