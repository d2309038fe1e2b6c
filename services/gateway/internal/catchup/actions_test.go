package catchup

import (
	"testing"

	"atlasstream/services/gateway/internal/delivery"
)

// Nothing is kept of a subscription that has begun and ended while the client was catching up.
func TestActionsOfEndedSubscriptionsAreForgotten(t *testing.T) {
	var actions actions
	stays := &delivery.Active{}
	actions.add(action{offset: 5, actives: []*delivery.Active{stays}})
	for offset := range int64(100) {
		goes := &delivery.Active{}
		actions.add(action{offset: offset, actives: []*delivery.Active{goes, stays}})
		actions.add(action{offset: 2 * offset, actives: []*delivery.Active{goes}})
		actions.forget(goes)
	}
	actions.forget(stays)
	if len(actions) != 0 {
		t.Errorf("%d actions are left", len(actions))
	}
}
