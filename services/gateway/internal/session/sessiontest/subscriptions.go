package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/subscription"
)

// MustParse parses the parameters of a subscription.
func MustParse(t testing.TB, parameters string) *subscription.Subscription {
	t.Helper()
	wanted, err := subscription.Parse([]byte(parameters))
	if err != nil {
		t.Fatal(err)
	}
	return wanted
}

// Subscribe subscribes as an endpoint does, which writes the confirmation.
func Subscribe(t testing.TB, client *session.Session, parameters string) error {
	t.Helper()
	defer client.Client.Flush()
	return client.Subscribe(context.Background(), MustParse(t, parameters), []byte(parameters))
}

// MustSubscribe is Subscribe, which must not fail.
func MustSubscribe(t testing.TB, client *session.Session, parameters string) {
	t.Helper()
	if err := Subscribe(t, client, parameters); err != nil {
		t.Fatal(err)
	}
}

// Unsubscribe unsubscribes as an endpoint does.
func Unsubscribe(t testing.TB, client *session.Session, parameters string) error {
	t.Helper()
	defer client.Client.Flush()
	return client.Unsubscribe(MustParse(t, parameters), []byte(parameters))
}

// MustUnsubscribe is Unsubscribe, which must not fail.
func MustUnsubscribe(t testing.TB, client *session.Session, parameters string) {
	t.Helper()
	if err := Unsubscribe(t, client, parameters); err != nil {
		t.Fatal(err)
	}
}

// Alternatives are so many values of a filter of which no record has any.
func Alternatives(count int) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, "y%d ", i)
	}
	return text.String()
}

// Subscriptions counts those of a session.
func Subscriptions(client *session.Session) int {
	count, _ := client.Usage()
	return count
}

// ExpectRefusal expects an error for the client that begins with a text.
func ExpectRefusal(t testing.TB, err error, want string) {
	t.Helper()
	if _, refused := errors.AsType[*protocol.Error](err); !refused || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want a refusal that begins with %s", err, want)
	}
}

// SubscribeMany has clients of an address subscribe as often as they may, and gives how often that was.
func (h *Hub) SubscribeMany(t *testing.T, address string, clients, each int, parameters func(client, number int) string) (subscriptions int) {
	t.Helper()
	for client := range clients {
		joined := h.MustJoinFrom(t, address, &DiscardingClient{})
		for number := range each {
			err := Subscribe(t, joined, parameters(client, number))
			if errors.Is(err, session.ErrTooMany) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			subscriptions++
		}
	}
	return subscriptions
}
