package endpoint

import (
	"net/http"

	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/readlimit"
)

// Visit is a client with a request that is answered without a subscription. It counts as a connection for as long as that takes.
type Visit struct{ connection *connection }

// Visit admits the client of a request, or refuses it with a *protocol.Error. Leave must be called when the request is answered.
func (r *Reception) Visit(door string, request *http.Request) (Visit, error) {
	connection, err := r.comeIn(door, request)
	return Visit{connection}, err
}

// Roles are what the client may beyond what everybody may.
func (v Visit) Roles() auth.Roles { return v.connection.guest.bearer.Roles }

// Reading is whom the reading of the log for the client is charged to.
func (v Visit) Reading() *readlimit.Account { return v.connection.allowance.Reading() }

// Leave is called once.
func (v Visit) Leave() { v.connection.Release() }
