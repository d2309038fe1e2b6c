package playback

// Mark is how far one topic has been delivered. Together with the log it tells everything that went before: who reads from Low on, leaves out what stands
// before Next and does not come after Last, and goes on as usual behind that, delivers exactly what is missing.
type Mark struct {
	Low  int64 // the least offset that was read and not delivered, or that is read next
	Next int64 // what stands before it has been read
	Last place // the greatest that was delivered
}

// startAt is the mark of a topic of which nothing has been delivered.
func startAt(offset int64) Mark { return Mark{Low: offset, Next: offset, Last: beforeAll} }
