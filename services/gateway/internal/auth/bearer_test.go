package auth

import (
	"fmt"
	"strings"
	"testing"

	"atlasstream/pkg/tokens"
)

const secret = "SxyJxUAD2BFoF2gZ8Tbz"

func TestParseFile(t *testing.T) {
	read, err := parse([]byte(`[
		{"name": "noc", "token": "` + secret + `", "roles": ["history", "non-public"]},
		{"name": "lab", "token": "0123456789-._~+/", "roles": ["history"]}
	]`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		token string
		want  Bearer
		known bool
	}{
		{secret, Bearer{Name: "noc", Roles: Roles{History: true, NonPublic: true}}, true},
		{"0123456789-._~+/", Bearer{Name: "lab", Roles: Roles{History: true}}, true},
		{secret + "x", Bearer{}, false},
		{"", Bearer{}, false},
	} {
		if got, known := tokens.Find(read, tokens.DigestOf(test.token)); got.Name != test.want.Name || got.Roles != test.want.Roles || known != test.known {
			t.Errorf("%q: got %+v, %t", test.token, got, known)
		}
	}
	if empty, err := parse([]byte(`[]`)); err != nil || len(empty) != 0 {
		t.Errorf("no tokens: got %v, %v", empty, err)
	}
}

// Every error says where the fault is and what is wanted, and does not quote the file.
func TestParseFileRefuses(t *testing.T) {
	good := `{"name":"noc","token":"` + secret + `","roles":["history"]}`
	for _, test := range []struct{ name, file, want string }{
		{"nothing", ``, `not readable, want [{"name":"…","token":"…","roles":["history","non-public"]},…]`},
		{"null", `null`, "not readable"},
		{"bare token", secret, "line 1: not readable"},
		{"object", "\n{\"" + secret + `":["history"]}`, "line 2: not readable"},
		{"cut off", `[` + good, "not readable"},
		{"wrong type", "[\n\n{\"name\":\"noc\",\"token\":[\"" + secret + `"],"roles":["history"]}]`, "line 3: not readable"},
		{"unknown member", `[{"` + secret + `":1}]`, "not readable"},
		{"more behind it", `[` + good + `] "` + secret + `"`, "got something after the array"},
		{"no name", `[{"token":"` + secret + `","roles":["history"]}]`, "token 1 of 1: name: got 0 bytes, want 1 to 64"},
		{"short", `[` + good + `,{"name":"noc","token":"` + secret[:15] + `","roles":["history"]}]`, "token 2 of 2: token: got 15 characters, want 16 to 512"},
		{"character", `[{"name":"noc","token":"` + secret + ` ","roles":["history"]}]`, "token: has a character that a header cannot carry"},
		{"no roles", `[{"name":"noc","token":"` + secret + `","roles":[]}]`, "roles: missing, want history, non-public or both"},
		{"role", `[{"name":"noc","token":"` + secret + `","roles":["history","` + secret + `"]}]`, "roles: role 2 is unknown, want history or non-public"},
		{"repeated", `[` + good + `,` + good + `]`, "token 2 of 2: token: the same as one before"},
		{"many", `[` + strings.Repeat(good+",", 1000) + good + `]`, "got 1001 tokens, want at most 1000"},
		{"both faults", `[{"name":"","token":"` + secret + `","roles":["history"]},{}]`, "token 2 of 2: name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := parse([]byte(test.file))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got  %v\nwant %s", err, test.want)
			}
			if strings.Contains(err.Error(), secret[:8]) {
				t.Errorf("the error has the token: %v", err)
			}
		})
	}
}

func FuzzTokensFile(f *testing.F) {
	f.Add([]byte(`[{"name":"noc","token":"`+secret+`","roles":["history","non-public"]}]`), secret)
	f.Add([]byte(`[{"name":"noc","token":1}]`), "")
	f.Fuzz(func(t *testing.T, file []byte, token string) {
		read, err := parse(file)
		if err != nil {
			return
		}
		bearer, known := tokens.Find(read, tokens.DigestOf(token))
		if known && (!strings.Contains(string(file), `"`) || bearer.Name == "" || bearer.Roles == Roles{} || len(token) < 16) {
			t.Errorf("%q makes %q known as %+v", file, token, bearer)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	var lines []string
	for i := range tokens.MaxEntries {
		lines = append(lines, fmt.Sprintf(`{"name":"n","token":"%020d","roles":["history"]}`, i))
	}
	read, err := parse([]byte("[" + strings.Join(lines, ",") + "]"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, known := tokens.Find(read, tokens.DigestOf(secret)); known {
			b.Fatal("known")
		}
	}
}
