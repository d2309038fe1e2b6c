package web

import (
	"io/fs"
	"net/http"
	"slices"
	"strings"
)

// pagePaths are those of the pages, which are one document: its script shows the one that the address names.
var pagePaths = []string{"/", "/replay", "/instances", "/probes"}

const (
	document = "index.html"
	// hashed files never change: another content has another name.
	hashed = "assets/"
)

// contentSecurityPolicy lets the pages do what they need: their own script and style, and what comes from this gateway. Nothing may turn text into markup.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// pagesOf serves the pages that were built, and their parts by their names.
func pagesOf(built fs.FS) http.Handler {
	if _, err := fs.Stat(built, document); err != nil {
		return withoutPages()
	}
	files := &unpacked{FS: built}
	return readOnly(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		if !served(r.URL.Path).serve(w, r, files) {
			http.NotFound(w, r)
		}
	})
}

// secure tells browsers what the pages may do. Their addresses can hold a subscription, which is nobody else's business.
func secure(header http.Header) {
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
}

// served is the file at a path; one without a name where there is none.
func served(path string) file {
	name := strings.TrimPrefix(path, "/")
	switch {
	case slices.Contains(pagePaths, path):
		return file{name: document, caching: "no-cache"}
	case strings.HasPrefix(name, hashed):
		return file{name: name, caching: "public, max-age=31536000, immutable"}
	case name == "icon.svg", name == "THIRD-PARTY.txt":
		return file{name: name, caching: "no-cache"}
	default:
		return file{}
	}
}

// withoutPages serves the plain page, and says at the paths of the others how to get them.
func withoutPages() http.Handler {
	plain := PlainPage()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" && slices.Contains(pagePaths, r.URL.Path) {
			http.Error(w, "The pages are not part of this build: it takes Node 20 and npm to build them. Install them, run `make web` and build the gateway again.",
				http.StatusNotFound)
			return
		}
		plain.ServeHTTP(w, r)
	})
}
