package publish

// MaxReasons is how many rejections an Outcome lists; further ones are only counted.
const MaxReasons = 1000

// Outcome counts the values of a body by what was done with them.
type Outcome struct {
	Accepted      int         `json:"accepted"` // Kafka has them
	Late          int         `json:"late"`     // of the accepted; replays may miss them
	Repeated      int         `json:"repeated"` // of the accepted, as far as is known; clients do not receive them
	RejectedTotal int         `json:"rejected_total"`
	Rejected      []Rejection `json:"rejected"`       // the first MaxReasons of them
	Hint          string      `json:"hint,omitempty"` // what to do about the late ones
}

// lateHint is for clients that post results of the past, which belong into an archive.
const lateHint = "late results go to live clients, but may be missing from replays; to replay results of the past, use collector import --into NAME FILE"

func (o *Outcome) late(count int) {
	o.Late += count
	if o.Late > 0 {
		o.Hint = lateHint
	}
}

// Rejection says why a value was refused.
type Rejection struct {
	Line   int    `json:"line"` // the line or element, from 1
	Reason string `json:"reason"`
}

// Add adds the outcome of further values.
func (o *Outcome) Add(further Outcome) {
	o.Accepted += further.Accepted
	o.late(further.Late)
	o.Repeated += further.Repeated
	o.RejectedTotal += further.RejectedTotal
	room := MaxReasons - len(o.Rejected)
	o.Rejected = append(o.Rejected, further.Rejected[:min(room, len(further.Rejected))]...)
}

func (o *Outcome) reject(line int, reason error) {
	o.RejectedTotal++
	if len(o.Rejected) < MaxReasons {
		o.Rejected = append(o.Rejected, Rejection{Line: line, Reason: reason.Error()})
	}
}
