package web

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func builtPages() fstest.MapFS {
	return fstest.MapFS{
		"README.md":               {Data: []byte("not for browsers")},
		"index.html":              {Data: []byte("<!doctype html> the pages")},
		"index.html.gz":           {Data: []byte("compressed pages")},
		"assets/index-abc.js":     {Data: []byte("the script")},
		"assets/index-abc.js.gz":  {Data: []byte("compressed script")},
		"assets/index-abc.js.map": {Data: []byte("{}")},
		"icon.svg":                {Data: []byte("<svg/>")},
		"THIRD-PARTY.txt":         {Data: []byte("licences")},
		socketIOClient:            {Data: []byte("the client")},
	}
}

func TestPagesAreOneDocumentAtTheirPaths(t *testing.T) {
	for _, path := range []string{"/", "/replay", "/instances", "/probes", "/replay?sub={}"} {
		response := get(pagesOf(builtPages()), path)
		if response.Code != http.StatusOK || response.Body.String() != "<!doctype html> the pages" {
			t.Errorf("%s: got %d, %q", path, response.Code, response.Body)
		}
		if caching := response.Header().Get("Cache-Control"); caching != "no-cache" {
			t.Errorf("%s is kept: %q", path, caching)
		}
	}
}

func TestPagesServeNothingElse(t *testing.T) {
	for _, path := range []string{
		"/nope", "/replay/", "/index.html", "/README.md", "/index.html.gz", "/assets", "/assets/", "/assets/index-abc.js.gz", "/assets/../README.md", "/socket.io.min.js",
		"/assets/../x", "/../web.go",
	} {
		if response := get(pagesOf(builtPages()), path); response.Code != http.StatusNotFound {
			t.Errorf("%s: got %d, %q", path, response.Code, response.Body)
		}
	}
}

func TestFilesAreServedWithTheirKindAndFor(t *testing.T) {
	const always = "public, max-age=31536000, immutable"
	for path, want := range map[string]struct{ kind, caching string }{
		"/":                        {"text/html; charset=utf-8", "no-cache"},
		"/assets/index-abc.js":     {"text/javascript; charset=utf-8", always},
		"/assets/index-abc.js.map": {"application/json", always},
		"/icon.svg":                {"image/svg+xml", "no-cache"},
		"/THIRD-PARTY.txt":         {"text/plain; charset=utf-8", "no-cache"},
	} {
		header := get(pagesOf(builtPages()), path).Header()
		if header.Get("Content-Type") != want.kind || header.Get("Cache-Control") != want.caching {
			t.Errorf("%s: %q, %q", path, header.Get("Content-Type"), header.Get("Cache-Control"))
		}
	}
}

func TestFilesAreCompressedForWhoeverTakesIt(t *testing.T) {
	for accepted, compressed := range map[string]bool{
		"": false, "gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false, "deflate": false, "gzip;q=x": false,
	} {
		request := httptest.NewRequest(http.MethodGet, "/assets/index-abc.js", nil)
		request.Header.Set("Accept-Encoding", accepted)
		response := httptest.NewRecorder()
		pagesOf(builtPages()).ServeHTTP(response, request)
		want, encoding := "the script", ""
		if compressed {
			want, encoding = "compressed script", "gzip"
		}
		if response.Body.String() != want || response.Header().Get("Content-Encoding") != encoding || response.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: got %q, %v", accepted, response.Body, response.Header())
		}
	}
}

// A file of which there is only the compressed form is unpacked for whoever does not take that.
func TestFilesMayBeThereCompressedOnly(t *testing.T) {
	pages := builtPages()
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, _ = writer.Write([]byte("the script")) // into memory
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	pages["assets/index-abc.js.gz"] = &fstest.MapFile{Data: packed.Bytes()}
	delete(pages, "assets/index-abc.js")
	for accepted, want := range map[string]string{"": "the script", "gzip": packed.String()} {
		request := httptest.NewRequest(http.MethodGet, "/assets/index-abc.js", nil)
		request.Header.Set("Accept-Encoding", accepted)
		response := httptest.NewRecorder()
		pagesOf(pages).ServeHTTP(response, request)
		if response.Body.String() != want || response.Header().Get("Vary") != "Accept-Encoding" || response.Header().Get("Content-Encoding") != accepted {
			t.Errorf("%q: got %d, %q, %v", accepted, response.Code, response.Body, response.Header())
		}
	}
	files := &unpacked{FS: pages}
	first, err := fs.ReadFile(files, "assets/index-abc.js")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := fs.ReadFile(files, "assets/index-abc.js"); err != nil || &again[0] != &first[0] {
		t.Errorf("it is unpacked for each request: %v", err)
	}
	pages["assets/index-abc.js.gz"] = &fstest.MapFile{Data: []byte("damaged")}
	if response := get(pagesOf(pages), "/assets/index-abc.js"); response.Code != http.StatusNotFound {
		t.Errorf("a damaged file: got %d", response.Code)
	}
}

// What the browser has is not sent again, and the two forms of a file are not taken for one another.
func TestFilesHaveAnETag(t *testing.T) {
	handler := pagesOf(builtPages())
	plain := get(handler, "/").Header().Get("ETag")
	for _, test := range []struct {
		accepted, known string
		status          int
	}{{"", plain, http.StatusNotModified}, {"gzip", plain, http.StatusOK}} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("Accept-Encoding", test.accepted)
		request.Header.Set("If-None-Match", test.known)
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request)
		if plain == "" || response.Code != test.status {
			t.Errorf("%q: got %d", test.accepted, response.Code)
		}
	}
}

func TestPagesMayDoWhatTheyNeedOnly(t *testing.T) {
	for _, path := range []string{"/", "/probes", "/assets/index-abc.js", "/nope"} {
		header := get(pagesOf(builtPages()), path).Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
				"manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
			"X-Content-Type-Options":     "nosniff",
			"Referrer-Policy":            "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Permissions-Policy":         "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
		} {
			if header.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, header.Get(name))
			}
		}
	}
}

func TestPagesChangeNothing(t *testing.T) {
	response := httptest.NewRecorder()
	pagesOf(builtPages()).ServeHTTP(response, httptest.NewRequest(http.MethodPost, "/", nil))
	if response.Code != http.StatusMethodNotAllowed {
		t.Errorf("got %d", response.Code)
	}
}

func TestBuildWithoutPagesServesThePlainPage(t *testing.T) {
	handler := pagesOf(fstest.MapFS{"README.md": {}})
	if response := get(handler, "/"); response.Code != http.StatusOK || !strings.Contains(response.Body.String(), "make web") {
		t.Errorf("the plain page does not say how to get the others: %d, %s", response.Code, response.Body)
	}
	for _, path := range []string{"/replay", "/instances", "/probes"} {
		if response := get(handler, path); response.Code != http.StatusNotFound || !strings.Contains(response.Body.String(), "make web") {
			t.Errorf("%s: got %d, %q", path, response.Code, response.Body)
		}
	}
}
