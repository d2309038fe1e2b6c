package ingest

import (
	"crypto/tls"
	"net/http"
	"net/netip"

	"atlasstream/pkg/clientip"
	"atlasstream/services/collector/internal/sources"
)

// sender is who sends a request.
type sender struct {
	credentials sources.Credentials
	network     netip.Prefix
	source      *sources.Source // nil until it is identified
	account     account
}

// newSender returns the sender of a request, not identified yet, by the request's peer's address, its headers and its TLS connection, nil without one.
func (l *Load) newSender(remote string, header func(name string) []string, state *tls.ConnectionState) *sender {
	authorization := ""
	if values := header("Authorization"); len(values) > 0 {
		authorization = values[0]
	}
	return &sender{
		credentials: sources.CredentialsOf(authorization, state),
		network:     clientip.Site(l.proxies.Client(remote, header)),
	}
}

// identify finds the source of a sender as the file has it now, as it may have changed since a request began, and its right to send to a topic.
func (l *Load) identify(s *sender, topic string) *refusal {
	source, err := l.sources.Find(s.credentials)
	if err != nil {
		l.sources.Refused("", sources.ReasonUnknown)
		return &refusal{status: http.StatusUnauthorized, reason: err, kind: sources.ReasonUnknown}
	}
	if err := source.CheckRight(topic); err != nil {
		l.sources.Refused(source.Name, sources.ReasonRight)
		return &refusal{status: http.StatusForbidden, reason: err, kind: sources.ReasonRight}
	}
	s.source, s.account = source, accountOf(source, s.network)
	return nil
}

// refused counts a refusal of an identified sender, unless identify has.
func (l *Load) refused(s *sender, refused *refusal) *refusal {
	if refused != nil && refused.kind != sources.ReasonUnknown && refused.kind != sources.ReasonRight {
		l.sources.Refused(s.source.Name, refused.kind)
	}
	return refused
}
