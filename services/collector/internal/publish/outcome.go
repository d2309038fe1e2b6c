package publish

// MostReasons is how many rejections an Outcome lists; further ones are only counted.
const MostReasons = 1000

// Outcome tells what became of the values of a body.
type Outcome struct {
	Accepted      int         `json:"accepted"` // Kafka has them
	RejectedTotal int         `json:"rejected_total"`
	Rejected      []Rejection `json:"rejected"` // the first MostReasons of them
}

// Rejection tells why a value was refused.
type Rejection struct {
	Line   int    `json:"line"` // the line or element, from 1
	Reason string `json:"reason"`
}

// Add counts in what became of further values.
func (o *Outcome) Add(further Outcome) {
	o.Accepted += further.Accepted
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
