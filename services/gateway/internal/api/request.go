package api

import (
	"net/http"

	"atlasstream/services/gateway/internal/door"
)

// request is one that was let in and whose query has no unknown names.
type request struct {
	*http.Request
	asked *query
	visit door.Visit
}
