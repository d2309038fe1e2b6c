package main

import (
	"fmt"
	"io"
)

func (r *report) addAbuse(progress io.Writer, f abuseFigures) {
	r.Abuse = append(r.Abuse, f)
	fmt.Fprintf(progress, "round %d, %s: %.0f µs a %s, %.2f processors, machine %.0f%% busy\n", f.Round+1, f.Attack, f.MicrosEach, f.Unit, f.Cores, 100*f.Busy)
}

func (r *report) abuse(attack string) (found []abuseFigures) {
	for _, f := range r.Abuse {
		if f.Attack == attack {
			found = append(found, f)
		}
	}
	return found
}

func (r *report) printAbuse(to io.Writer) {
	if len(r.Abuse) == 0 {
		return
	}
	fmt.Fprintln(to, "\nattack\tCPU µs/unit\tunit\tunits\tprocessors\tCPU/record, to without\tmissing\tmachine busy\t")
	for _, abuse := range abuses {
		found := r.abuse(abuse.attack)
		if len(found) == 0 {
			continue
		}
		units := 0
		for _, f := range found {
			units += f.Units
		}
		fmt.Fprintf(to, "%s\t%.1f\t%s\t%d\t%.2f\t%.1f ×\t%d\t%.0f%%\t\n", abuse.attack,
			medianOf(found, abuseMicros), abuse.unit, units,
			medianOf(found, func(f abuseFigures) float64 { return f.Cores }),
			medianOf(found, func(f abuseFigures) float64 { return f.Ratio }),
			missed(found),
			medianOf(found, func(f abuseFigures) float64 { return 100 * f.Busy }))
	}
}

// abuseBars judge what an attack costs, and that the honest client was served beside it.
func (r *report) abuseBars() (bars []bar) {
	for _, abuse := range abuses {
		if found := r.abuse(abuse.attack); len(found) > 0 {
			bars = append(bars,
				newBar(fmt.Sprintf("abuse: CPU for a %s, %s", abuse.unit, abuse.attack), medianOf(found, abuseMicros), abuse.mostMicros, "µs"),
				newBar("abuse: results of others that are missing or double, "+abuse.attack, float64(missed(found)), 0, ""))
		}
	}
	return bars
}

func abuseMicros(f abuseFigures) float64 { return f.MicrosEach }

// missed counts over all rounds.
func missed(figures []abuseFigures) (count int) {
	for _, f := range figures {
		count += f.Missing
	}
	return count
}
