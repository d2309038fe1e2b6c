package subscription

import (
	"github.com/tidwall/gjson"
)

// readSince takes the time since when what came into the log comes first.
func (p *parser) readSince(name string, value gjson.Result) error {
	since, err := parseTime(name, value)
	p.subscription.CameSince = &since
	return err
}

// finishSince refuses a second place to begin at.
func (p *parser) finishSince() error {
	since, given := p.seen["since"]
	if !given {
		return nil
	}
	if came, given := p.seen["starttime"]; given {
		return refuse("%s: given, want none with %s: a replay begins there", since, came)
	}
	if p.subscription.Backlog {
		return refuse("%s: given, want none with %s, which says when to begin as well", since, p.seen["sendbacklog"])
	}
	if p.subscription.Cursor.After != "" {
		return refuse(`%s: given, want none with a %s, which says where to begin; "" goes with it`, since, p.seen["cursor"])
	}
	return nil
}
