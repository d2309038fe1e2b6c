package api

import (
	"context"
	_ "embed" // the description
	"net/http"
	"strings"
	"time"
)

// description describes every path in the OpenAPI format.
//
//go:embed openapi.yaml
var description string

func serveDescription(_ context.Context, w http.ResponseWriter, r *request) error {
	w.Header().Set("Content-Type", "application/yaml")
	http.ServeContent(w, r.Request, "", time.Time{}, strings.NewReader(description))
	return nil
}
