package catchup

import "atlasstream/services/gateway/internal/delivery"

// addBacklog has a subscription get nothing that came before its backlog, which ends at an offset.
func (r *Reader) addBacklog(joining *delivery.Active, end int64) {
	//mutate:backlog-age-unlimited
	r.target.MatchSince(joining, joining.Start.Since)
	//mutate:backlog-sent-early,backlog-sent-late
	r.actions.add(action{end, []*delivery.Active{joining}, (*Reader).endBacklog})
}

// endBacklog tells clients that all of a backlog has come.
func (r *Reader) endBacklog(actives []*delivery.Active) {
	r.target.Pause(actives...)
	for _, active := range actives {
		r.target.MatchAll(active)
		if active.Wanted.Quota.IsSpent() { // it ends with the backlog unfinished
			continue
		}
		r.target.FlushBatches(active.Wanted.Stream)
		active.SendBacklogSent()
	}
	r.target.Match(actives...)
}
