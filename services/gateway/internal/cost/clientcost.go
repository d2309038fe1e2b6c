package cost

import (
	"slices"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// mostProbes is from how many probes on it takes no longer to look for one.
const mostProbes = 12

// clientCost is what a client costs for each record of a measurement. There is one for each client, so its numbers are no longer than they have to be.
type clientCost struct {
	subscriptions int32
	probes        int32 // subscriptions that name one
	withFields    int32 // subscriptions with acceptedFields
	ending        int32 // subscriptions that end by themselves, of which there may be many to the same records
	arrays        int32 // subscriptions that buffer
	cursors       int32 // subscriptions whose cursors are the client's own
	cursorSteps   int32 // that such a cursor takes, which names the client's other subscriptions, too
	ofFirst       int32 // subscriptions that have the first selection
	first         selection
	others        map[selection]int32 // subscriptions that have each of the others; mostly nil, as most clients have one selection
	sets          []fieldSet
}

// fieldSet is how many subscriptions of a client have one set of acceptedFields.
type fieldSet struct {
	payload       payload
	subscriptions int
}

// payload says what clients must have in common to get the same bytes.
type payload struct {
	fields           subscription.Fields
	enriched, cursor bool
	stream           atlas.Stream
	encoding         any     // of the client, comparable
	only             *Client // that shares it with nobody; nil else
}

// steps implements shared.
func (payload) steps() Steps { return stepsOfPayload }

// steps is what the client costs beside what is shared.
func (c *clientCost) steps() (steps Steps) {
	if c.subscriptions == 0 {
		return steps
	}
	steps = stepsOfClient.Plus(stepsOfProbe.Times(min(int(c.probes), mostProbes)))
	if c.withFields > 1 {
		steps = steps.Plus(stepsOfSet.Times(int(c.withFields)))
	}
	steps = steps.Plus(stepsOfEnding.Times(int(c.ending)))
	if c.arrays > 0 {
		steps = steps.Plus(stepsOfArray)
	}
	if c.cursors > 0 {
		steps = steps.Plus(stepsOfMessage).Plus(Steps{Each: int(c.cursorSteps)})
	}
	return steps
}

// payloads is the payload that the client gets, if it is not what everybody does. Where several sets are united, nobody else may unite the same.
func (c *clientCost) payloads(client *Client) []shared {
	switch len(c.sets) {
	case 0:
		return nil
	case 1:
		return []shared{c.sets[0].payload}
	default:
		return []shared{payload{only: client}}
	}
}

// add adds a subscription, or takes one away for -1.
func (c *clientCost) add(of *Subscription, once int32) {
	wanted := of.Wanted
	c.subscriptions += once
	if wanted.Probe != 0 {
		c.probes += once
	}
	if wanted.Limit > 0 || wanted.Duration > 0 {
		c.ending += once
	}
	if wanted.Buffer {
		c.arrays += once
	}
	if of.HasOwnCursor {
		c.cursors += once
		c.cursorSteps = int32(of.CursorSteps)
	}
	if wanted.Fields.Count() > 0 {
		c.withFields += once
		c.addSet(payload{
			fields: wanted.Fields, enriched: wanted.Enrich, cursor: wanted.Cursor.Wanted, stream: wanted.Stream, encoding: of.Client.Encoding,
		}, int(once))
	}
}

// addSelection adds a subscription's selection, or takes it away for -1, and tells whether it is the first with it, or was the last.
func (c *clientCost) addSelection(of selection, once int32) (changed bool) {
	if c.isFirst(of) {
		before := c.ofFirst
		c.first, c.ofFirst = of, before+once
		return before == 0 || before+once == 0
	}
	if c.others == nil {
		c.others = make(map[selection]int32)
	}
	before := c.others[of]
	c.others[of] = before + once
	if before+once == 0 {
		delete(c.others, of)
	}
	return before == 0 || before+once == 0
}

// isFirst tells whether a selection is counted as the first one, or may be.
func (c *clientCost) isFirst(of selection) bool {
	if c.ofFirst > 0 {
		return c.first == of
	}
	return c.others[of] == 0
}

func (c *clientCost) addSet(wanted payload, once int) {
	at := slices.IndexFunc(c.sets, func(s fieldSet) bool { return s.payload == wanted })
	if at < 0 {
		c.sets = append(c.sets, fieldSet{wanted, once})
		return
	}
	if c.sets[at].subscriptions += once; c.sets[at].subscriptions == 0 {
		c.sets = slices.Delete(c.sets, at, at+1)
	}
}
