package publish

// MostReasons is how many rejections an Outcome lists; further ones are only counted.
const MostReasons = 1000

// Outcome tells what became of the values of a body.
type Outcome struct {
	Accepted      int         `json:"accepted"` // Kafka has them
	Late          int         `json:"late"`     // of the accepted; replays may not have them
	Repeated      int         `json:"repeated"` // of the accepted, as far as that is known; nobody receives them
	RejectedTotal int         `json:"rejected_total"`
	Rejected      []Rejection `json:"rejected"`       // the first MostReasons of them
	Hint          string      `json:"hint,omitempty"` // what to do about the late ones
}

// lateHint is for whoever posts the past, which the live topics have no place for.
const lateHint = "late results go to live clients, but may be missing from replays: to have the past replayed, bring it by collector import --into NAME FILE"

func (o *Outcome) late(count int) {
	o.Late += count
	if o.Late > 0 {
		o.Hint = lateHint
	}
}

// Rejection tells why a value was refused.
type Rejection struct {
	Line   int    `json:"line"` // the line or element, from 1
	Reason string `json:"reason"`
}

// Add counts in what became of further values.
func (o *Outcome) Add(further Outcome) {
	o.Accepted += further.Accepted
	o.late(further.Late)
	o.Repeated += further.Repeated
	o.RejectedTotal += further.RejectedTotal
	room := MostReasons - len(o.Rejected)
	o.Rejected = append(o.Rejected, further.Rejected[:min(room, len(further.Rejected))]...)
}

func (o *Outcome) reject(line int, reason error) {
	o.RejectedTotal++
	if len(o.Rejected) < MostReasons {
		o.Rejected = append(o.Rejected, Rejection{Line: line, Reason: reason.Error()})
	}
}
