package notice

import (
	"slices"
	"testing"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsframe"
)

// toldClient keeps what it is told.
type toldClient struct{ told []string }

func (c *toldClient) SendEvent(event string, _ []byte) error {
	c.told = append(c.told, event)
	return nil
}

func (c *toldClient) SendError(refusal *protocol.Error) error {
	c.told = append(c.told, string(refusal.Code))
	return nil
}

func (c *toldClient) EnqueueControl(*wsframe.Message) error { return nil }

func (c *toldClient) EventEncoding() encode.Encoding { return nil }

func (c *toldClient) Seal(*cursor.Place) string { return "" }

func (c *toldClient) Restored([]byte) {}

// step is what happens to a group with these parts.
type step func(t *testing.T, parts []*Subscription)

func confirm(t *testing.T, parts []*Subscription) {
	t.Helper()
	if err := parts[0].Group.Confirm(); err != nil {
		t.Error(err)
	}
}

func sendBacklog(number int) step {
	return func(_ *testing.T, parts []*Subscription) { parts[number].SendBacklogSent() }
}

func end(number int) step {
	return func(t *testing.T, parts []*Subscription) {
		t.Helper()
		if err := parts[number].SendOver(); err != nil {
			t.Error(err)
		}
	}
}

// A client is told once that the backlogs of all parts have come, in whatever order these are sent, or end, and the group is confirmed.
func TestBacklogOfAGroup(t *testing.T) {
	const confirmed, backlog, over = protocol.EventSubscribed, protocol.EventBacklogSent, protocol.EventUnsubscribed
	for name, test := range map[string]struct {
		steps []step
		told  []string
	}{
		"both are sent after the confirmation":           {[]step{confirm, sendBacklog(1), sendBacklog(0)}, []string{confirmed, backlog}},
		"one is sent before it":                          {[]step{sendBacklog(0), confirm, sendBacklog(1)}, []string{confirmed, backlog}},
		"both are sent before it":                        {[]step{sendBacklog(0), sendBacklog(1), confirm}, []string{confirmed, backlog}},
		"one is missing":                                 {[]step{sendBacklog(0), confirm}, []string{confirmed}},
		"one part ends before it":                        {[]step{end(0), confirm, sendBacklog(1)}, []string{confirmed, backlog}},
		"one part ends before it, behind its backlog":    {[]step{sendBacklog(0), end(0), confirm, sendBacklog(1)}, []string{confirmed, backlog}},
		"one part ends after it":                         {[]step{confirm, sendBacklog(1), end(0)}, []string{confirmed, backlog}},
		"both parts end before it":                       {[]step{end(0), end(1), confirm}, []string{confirmed, backlog, over}},
		"both parts end after it, one within a backlog":  {[]step{confirm, sendBacklog(1), end(1), end(0)}, []string{confirmed, over}},
		"both parts end after it, behind their backlogs": {[]step{confirm, sendBacklog(0), sendBacklog(1), end(1), end(0)}, []string{confirmed, backlog, over}},
	} {
		t.Run(name, func(t *testing.T) {
			client := &toldClient{}
			group := NewGroup(client, nil, &subscription.Quota{}, 2)
			parts := make([]*Subscription, 2)
			for number := range parts {
				parts[number] = &Subscription{Client: client, Group: group, Start: &Start{Backlog: true}}
				if err := parts[number].Confirm(&cursor.Place{}, 0); err != nil {
					t.Fatal(err)
				}
			}
			for _, step := range test.steps {
				step(t, parts)
			}
			if !slices.Equal(client.told, test.told) {
				t.Errorf("got %q, want %q", client.told, test.told)
			}
		})
	}
}
