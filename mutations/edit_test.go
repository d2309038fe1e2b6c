package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEdits(t *testing.T) {
	for name, test := range map[string]struct{ code, edit, want string }{
		"an operand":          {"//mutate:m\nif a && b.c(d) {\n\treturn\n}", "- $x && $y\n+ $y", "if b.c(d) {"},
		"the outermost match": {"//mutate:m\nreturn a || b || c", "- $x || $y\n+ $x", "return a || b\n"},
		"what comes first":    {"f(1)\n//mutate:m\ng(2)\nh(3)", "- $f($x)\n+ $f($x + 1)", "f(1)\n\t//mutate:m\n\tg(2 + 1)\n\th(3)"},
		"nothing":             {"//mutate:m\ng(2)\nh(3)", "- $f($x)", "//mutate:m\n\n\th(3)"},
		"several":             {"//mutate:m\nx = T{a, b, c}", "- $t{$x, $*rest}\n+ $t{$x + 1, $*rest}", "x = T{a + 1, b, c}"},
		"none of several":     {"//mutate:m\nx = T{a}", "- $t{$x, $*rest}\n+ $t{$*rest}", "x = T{}"},
		"several lines":       {"//mutate:m\nif a {\n\tf()\n\tg()\n}", "- if $c {\n-   $*body\n- }\n+ $*body", "//mutate:m\n\tf()\n\tg()\n}"},
		"a clause":            {"switch {\n//mutate:m\ncase a && !b:\n}", "- $x && !$y\n+ $x && $y", "case a && b:"},
	} {
		t.Run(name, func(t *testing.T) {
			parsed, err := parseMutation("It breaks.\n\n" + test.edit + "\n")
			if err != nil {
				t.Fatal(err)
			}
			folder := t.TempDir()
			write(t, filepath.Join(folder, "code.go"), "package p\n\nfunc f() {\n"+test.code+"\n}\n")
			found, err := readTree(folder)
			if err != nil || len(found.locations["m"]) != 1 {
				t.Fatalf("got %v, %v", found.locations, err)
			}
			got, err := parsed.apply(found.locations["m"][0])
			if err != nil || !strings.Contains(string(got), test.want) {
				t.Errorf("got %s, %v; want %s", got, err, test.want)
			}
		})
	}
}

func TestNotices(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "code_test.go"), "package p\n\n// TestA tests.\n//\n//notices:a,b\n//notices:c /^Sub$\nfunc TestA(t *testing.T) {}\n")
	found, err := readTree(folder)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "^TestA$", "b": "^TestA$", "c": "^TestA$/^Sub$"} {
		if got := found.notices[name]; len(got) != 1 || got[0].pattern() != want || got[0].folder != folder {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestFaultsOfComments(t *testing.T) {
	for name, code := range map[string]string{
		"nothing follows":         "package p\n\nfunc f() {}\n\n//mutate:a\n",
		"no test follows":         "package p\n\n//notices:a\nfunc helps() {}\n",
		"no function, so no test": "package p\n\n//notices:a\nvar TestA = 1\n",
	} {
		folder := t.TempDir()
		write(t, filepath.Join(folder, "code_test.go"), code)
		if found, err := readTree(folder); err == nil {
			t.Errorf("%s: got %v", name, found)
		}
	}
}

func TestFaultsOfFiles(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "says what is broken",
		"It breaks.\n- $x\n":              "says what is broken",
		"It breaks.\n\n":                  "an empty one",
		"It breaks.\n\n+ f()\n":           "want a pattern",
		"It breaks.\n\n- $x\nwhatever\n":  `got "whatever"`,
		"It breaks.\nBadly.\n\n- $x\n+ 1": "says what is broken",
	} {
		if _, err := parseMutation(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestFailuresAreNamed(t *testing.T) {
	for output, want := range map[string]string{
		"--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\n        a_test.go:1: no\nFAIL\n": "TestA/b",
		"panic: test timed out after 1m0s\n\trunning tests:\n\t\tTestA (1m0s)\n":                  "TestA, which does not end",
		"fatal error: all goroutines are asleep - deadlock!\n":                                    "fatal error: all goroutines are asleep - deadlock!",
		"goleak: Errors on successful test run: found unexpected goroutines\n":                    "goleak: Errors on successful test run: found unexpected goroutines",
	} {
		if got := failedTest(output); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
