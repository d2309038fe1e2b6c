package cors

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

func ask(origins Origins, method, origin string) (answer *httptest.ResponseRecorder, served bool) {
	answer = httptest.NewRecorder()
	request := httptest.NewRequest(method, "/", nil)
	request.Header.Set("Access-Control-Request-Headers", "authorization,x-custom")
	if origin != "" {
		request.Header.Set("Origin", origin)
	}
	origins.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served = true
		w.WriteHeader(http.StatusServiceUnavailable)
	})).ServeHTTP(answer, request)
	return answer, served
}

// Every response says which pages may read it, errors included.
func TestPagesThatMayRead(t *testing.T) {
	const page, evil = "https://page.example", "https://evil.example"
	for _, test := range []struct {
		origins Origins
		origin  string
		allowed string
	}{
		{nil, "", "*"},
		{nil, page, page},
		{nil, "null", "null"},
		{Origins{page}, "", "*"},
		{Origins{page}, page, page},
		{Origins{page}, evil, ""},
		{Origins{page}, "null", ""},
		{Origins{page}, page + "/", ""},
	} {
		for method, status := range map[string]int{http.MethodGet: 503, http.MethodHead: 503, http.MethodPost: 503, http.MethodOptions: 204} {
			answer, served := ask(test.origins, method, test.origin)
			header := answer.Header()
			if test.allowed == "" {
				status = http.StatusForbidden
			}
			credentials := test.allowed != "" && test.allowed != "*"
			if answer.Code != status || header.Get("Access-Control-Allow-Origin") != test.allowed ||
				(header.Get("Access-Control-Allow-Credentials") == "true") != credentials || served != (status == 503) {
				t.Errorf("%s from %q with %q allowed: got %d, %v", method, test.origin, test.origins, answer.Code, header)
			}
			if !slices.Contains(header.Values("Vary"), "Origin") {
				t.Errorf("%s from %q: a cache may use the response for other pages: %v", method, test.origin, header)
			}
		}
	}
}

func TestPreflight(t *testing.T) {
	answer, _ := ask(nil, http.MethodOptions, "https://page.example")
	for name, want := range map[string]string{
		"Access-Control-Allow-Methods": "GET, HEAD, POST", "Access-Control-Allow-Headers": "authorization,x-custom", "Access-Control-Max-Age": "86400",
	} {
		if got := answer.Header().Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
