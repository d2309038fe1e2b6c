package capacity

// Run is what a gateway took for its work when that was measured.
type Run struct {
	Work       Work
	Processors float64 // busy with it; more than 0
}

// FitProcessorTimes finds the processor times that explain best what the runs took: the sum of the squares of the relative residuals is least. No time is
// negative. There must be a run for each kind of work.
func (c *Costs) FitProcessorTimes(runs []Run) {
	const (
		mostSweeps = 100_000 // over all times, each of which is set to the best one beside the others
		settled    = 1e-9    // µs
	)
	residuals := make([]float64, len(runs)) // relative
	for i := range runs {
		residuals[i] = 1
	}
	for _, time := range c.processorTimes() {
		*time = 0
	}
	for range mostSweeps {
		if c.refitAll(runs, residuals) < settled {
			return
		}
	}
}

// refitAll sets each processor time to the best one beside the others, and returns the greatest change.
func (c *Costs) refitAll(runs []Run, residuals []float64) (greatest float64) {
	for kind, time := range c.processorTimes() {
		change := max(bestChange(kind, runs, residuals), -*time)
		*time += change
		greatest = max(greatest, change, -change)
		for i, run := range runs {
			residuals[i] -= change * run.shareOf(kind)
		}
	}
	return greatest
}

// bestChange of the processor time of a kind of work leaves the least residuals.
func bestChange(kind int, runs []Run, residuals []float64) float64 {
	var product, square float64
	for i, run := range runs {
		share := run.shareOf(kind)
		product += share * residuals[i]
		square += share * share
	}
	if square == 0 {
		return 0
	}
	return product / square
}

// shareOf is which share of what the run took a kind of work would have, at a µs for each piece.
func (r Run) shareOf(kind int) float64 { return r.Work.pieces()[kind] / 1e6 / r.Processors }
