package cost

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// selection says which of the records that are charged together a subscription may get: all for the zero value.
type selection struct {
	measurement atlas.MeasurementID // of metadata
	probe       atlas.ProbeID
}

func selectionOf(wanted *subscription.Subscription) selection {
	if wanted.Stream == atlas.StreamMetadata {
		return selection{measurement: wanted.Measurement}
	}
	return selection{probe: wanted.Probe}
}

// writes are to how many clients a record may have to be written: those of all records, and the most that have any other selection. A client with several
// selections counts in each.
type writes struct {
	clients map[selection]int
	of      map[int]int // how many selections have so many clients, but for that of all records
	most    int         // clients of one of those
}

func (w *writes) steps() Steps {
	return stepsOfWrite.Times(w.clients[selection{}] + w.most)
}

// add adds a client with a selection, or takes it away for -1.
func (w *writes) add(of selection, once int) {
	if w.clients == nil {
		w.clients, w.of = make(map[selection]int), make(map[int]int)
	}
	before := w.clients[of]
	now := before + once
	if w.clients[of] = now; now == 0 {
		delete(w.clients, of)
	}
	if of == (selection{}) {
		return
	}
	w.of[now]++
	if w.of[before]--; w.of[before] <= 0 {
		delete(w.of, before)
	}
	if delete(w.of, 0); now > w.most || w.of[w.most] == 0 {
		w.most = now
	}
}
