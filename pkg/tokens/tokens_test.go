package tokens

import (
	"strings"
	"testing"
)

type holder struct {
	name  string
	token Digest
}

func (h holder) TokenDigest() Digest { return h.token }

func read(e Entry) (holder, error) {
	if e.Token == "" {
		return holder{name: e.Name}, e.CheckName()
	}
	return holder{e.Name, DigestOf(e.Token)}, e.CheckToken()
}

var format = Format{Entry: "friend", Want: `[{"name":"…","token":"…"},…]`}

const secret = "SxyJxUAD2BFoF2gZ8Tbz"

func TestHoldersAreFoundByTheirTokens(t *testing.T) {
	friends, err := Parse([]byte(`[{"name":"none"},{"name":"one","token":"`+secret+`"},{"name":"none either"}]`), format, read)
	if err != nil || len(friends) != 3 {
		t.Fatalf("got %v, %v", friends, err)
	}
	for token, want := range map[string]string{secret: "one", secret + "x": "", "": ""} {
		if found, known := Find(friends, DigestOf(token)); found.name != want || known != (want != "") {
			t.Errorf("%q: got %+v, %t", token, found, known)
		}
	}
}

func TestFaultsOfAFileQuoteNoToken(t *testing.T) {
	for file, want := range map[string]string{
		``:                              `not readable, want [{"name":"…","token":"…"},…] and no other members`,
		"[\n" + secret:                  "line 2: not readable",
		`[{"name":"x"},{"name":""}]`:    "friend 2 of 2: name: got 0 bytes, want 1 to 64",
		`[{"token":"` + secret + ` "}]`: "friend 1 of 1: token: has a character that a header cannot carry",
		`[{"token":"` + secret + `"},{"token":"` + secret + `"}]`: "friend 2 of 2: token: the same as one before",
		`[` + strings.Repeat(`{},`, MaxEntries) + `{}]`:           "got 1001 friends, want at most 1000",
	} {
		if _, err := Parse([]byte(file), format, read); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%.60s: got %v, want %s", file, err, want)
		}
	}
}

func TestTokenInAHeader(t *testing.T) {
	for header, want := range map[string]string{"Bearer x": "x", "bearer  x ": "x", "Basic x": "none", "": "none", "Bearer": ""} {
		token, given := InHeader(header)
		if !given {
			token = "none"
		}
		if token != want {
			t.Errorf("%q: got %q", header, token)
		}
	}
}
