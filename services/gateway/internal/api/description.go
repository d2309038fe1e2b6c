package api

import (
	_ "embed" // the description
	"net/http"
	"strings"
	"time"
)

// description describes every path in the OpenAPI format.
//
//go:embed openapi.yaml
var description string

// Description serves the description of the API.
func Description() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(description))
	})
}
