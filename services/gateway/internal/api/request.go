package api

import (
	"net/http"

	"atlasstream/services/gateway/internal/endpoint"
)

// request is one that was let in. Its context ends when its client has gone, and when the API stops.
type request struct {
	*http.Request
	asked *query // has no unknown names
	visit endpoint.Request
}
