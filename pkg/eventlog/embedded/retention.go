package embedded

import "time"

// retentionPause is how often kfake applies retention by itself.
const retentionPause = time.Hour

// retention applies the topics' retention, which kfake would do together with compaction. On disk it must not: kfake removes a partition's files before
// it writes the rest of them, so a kill at that moment loses acknowledged records.
type retention struct{ ending, ended chan struct{} }

func startRetention(apply func(), pause time.Duration) *retention {
	r := &retention{make(chan struct{}), make(chan struct{})}
	go r.run(apply, pause)
	return r
}

func (r *retention) run(apply func(), pause time.Duration) {
	defer close(r.ended)
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			apply()
		case <-r.ending:
			return
		}
	}
}

func (r *retention) stop() {
	if r == nil {
		return
	}
	close(r.ending)
	<-r.ended
}
