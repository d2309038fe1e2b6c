package outage

// hourly counts a unit's disconnects and the time that its probes were connected, by the hour. The current hour's do not count until it is over, so that
// a burst does not excuse itself. Nil counts nothing.
type hourly struct {
	began       instant // nothing before counts
	hour        int64   // the current one, since 1970
	since       instant // up to when connected is counted
	disconnects [wholeHours + 1]int32
	connected   [wholeHours + 1]int64 // milliseconds, over all probes

	// of the whole hours
	allDisconnects int64
	allConnected   int64
}

func newHourly(at instant) *hourly { return &hourly{began: at, hour: hourOf(at), since: at} }

// wholeHours is how many hours a rate is the mean of.
const wholeHours = 24

func hourOf(at instant) int64 { return int64(at / hour) }

// advance counts the time up to at, in which so many probes were connected. An earlier time than before changes nothing.
func (h *hourly) advance(at instant, up int) {
	if h == nil {
		return
	}
	if hourOf(at)-h.hour > wholeHours {
		*h = hourly{began: h.began, hour: hourOf(at), since: max(h.since, instant(hourOf(at))*hour)}
	}
	for h.hour < hourOf(at) {
		end := instant(h.hour+1) * hour
		h.count(end, up)
		h.next()
	}
	h.count(at, up)
}

func (h *hourly) count(until instant, up int) {
	if until > h.since {
		h.connected[h.slot(h.hour)] += int64(until-h.since) * int64(up)
		h.since = until
	}
}

// skip skips a time of which nobody knows which probes were connected.
func (h *hourly) skip(until instant) {
	h.advance(until, 0)
}

// next ends the current hour and deletes the oldest one.
func (h *hourly) next() {
	ended, oldest := h.slot(h.hour), h.slot(h.hour+1)
	h.allDisconnects += int64(h.disconnects[ended]) - int64(h.disconnects[oldest])
	h.allConnected += h.connected[ended] - h.connected[oldest]
	h.disconnects[oldest], h.connected[oldest] = 0, 0
	h.hour++
}

func (h *hourly) slot(of int64) int { return int(of % (wholeHours + 1)) }

// add adds disconnects, or removes them if the number is negative. It reports whether they count.
func (h *hourly) add(at instant, disconnects int32) (counted bool) {
	if h == nil || at < h.began {
		return false
	}
	of := hourOf(at)
	if of > h.hour || of < h.hour-wholeHours {
		return false
	}
	h.disconnects[h.slot(of)] += disconnects
	if of < h.hour {
		h.allDisconnects += int64(disconnects)
	}
	return true
}

// The priors: for the world, 40 disconnects in 2,000 hours of a probe; for a unit, the rate of the world for 200 hours of a probe.
const (
	priorDisconnects = 40
	priorHours       = 2000
	shrinkHours      = 200
)

func (h *hourly) hours() float64 { return float64(h.allConnected) / float64(hour) }

// worldRate is how often a probe of the world disconnects in an hour.
func (h *hourly) worldRate() float64 {
	return (float64(h.allDisconnects) + priorDisconnects) / (h.hours() + priorHours)
}

// probeRate is how often a probe of the unit disconnects in an hour. For a unit with little history it is close to the world's rate.
func (h *hourly) probeRate(worldly float64) float64 {
	if h == nil {
		return worldly
	}
	return (float64(max(0, h.allDisconnects)) + worldly*shrinkHours) / (h.hours() + shrinkHours)
}
