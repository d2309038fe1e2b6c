package main

import (
	"fmt"
	"io"
	"math"

	"atlasstream/services/bench/internal/capacity"
)

// The bars of the scenario capacity.
const (
	maxDeviation     = 15.0 // %, of what gateways take from what is predicted
	maxGatewaysTimes = 1.1  // CPU for a delivery of several gateways, in times of that of one, where reading costs next to nothing
)

// wide is the load whose reading costs next to nothing.
const wide = "wide"

// otherTails is how many partitions of other topics a gateway follows, of which nothing comes here: it fetches of each once a second.
const otherTails = 3

// done is the work of the one gateway, with the fetches that it really made.
func (f capacityFigures) done() capacity.Work {
	work := f.work()
	if f.Results > 0 {
		work.Fetches = max(0, f.Fetches-otherTails)
	}
	return work
}

// work is what the model expects of each of the gateways.
func (f capacityFigures) work() capacity.Work {
	return capacity.WorkOf(f.Load.load(f.Results), f.Gateways)
}

// costs are found by the loads that are not predicted.
func (r *report) costs() capacity.Costs {
	var runs []capacity.Run
	for _, f := range r.Capacity {
		if len(f.Load.Predicted) == 0 && f.Processors > 0 { // a short run may take less than the clock shows
			runs = append(runs, capacity.Run{Work: f.done(), Processors: f.Processors})
		}
	}
	costs := r.Sizes
	costs.FitProcessorTimes(runs)
	return costs
}

// predicted is how many processors all the gateways keep busy.
func (f capacityFigures) predicted(costs capacity.Costs) float64 {
	return float64(f.Gateways) * costs.Processors(f.work())
}

func (r *report) addCapacity(progress io.Writer, f capacityFigures) {
	r.Capacity = append(r.Capacity, f)
	fmt.Fprintf(progress, "round %d, capacity, %s, %d gateways: %.3f processors, p99 %.1f ms, machine %.0f%% busy\n",
		f.Round+1, f.Load.Name, f.Gateways, f.Processors, f.Received.P99.Seconds()*1000, 100*f.Busy)
}

func (r *report) capacityOf(load string, gateways int) []capacityFigures {
	return matching(r.Capacity, func(f capacityFigures) bool { return f.Load.Name == load && f.Gateways == gateways })
}

func (r *report) printCapacity(to io.Writer) {
	if len(r.Capacity) == 0 {
		return
	}
	costs := r.costs()
	fmt.Fprintf(to, "\nwhat work costs a gateway\t\t\n")
	costs.Print(to)
	fmt.Fprintln(to, "\ncapacity\tgateways\tprocessors\tby the model\tfetches/s\tby the model\tdeliveries/s\tp99 ms\tmachine busy\t")
	for _, load := range capacityLoads {
		for _, gateways := range load.gateways() {
			if found := r.capacityOf(load.Name, gateways); len(found) > 0 {
				r.printCapacityRow(to, costs, found)
			}
		}
	}
}

func (r *report) printCapacityRow(to io.Writer, costs capacity.Costs, found []capacityFigures) {
	fmt.Fprintf(to, "%s\t%d\t%.3f\t%.3f\t%.0f\t%.0f\t%.0f\t%.1f\t%.0f%%\t\n", found[0].Load.Name, found[0].Gateways,
		medianOf(found, processors),
		medianOf(found, func(f capacityFigures) float64 { return f.predicted(costs) }),
		medianOf(found, func(f capacityFigures) float64 { return f.Fetches }),
		medianOf(found, func(f capacityFigures) float64 { return float64(f.Gateways) * f.work().Fetches }),
		medianOf(found, func(f capacityFigures) float64 { return float64(f.Expected) / float64(r.Seconds) }),
		medianOf(found, func(f capacityFigures) float64 { return f.Received.P99.Seconds() * 1000 }),
		medianOf(found, func(f capacityFigures) float64 { return 100 * f.Busy }))
}

func processors(f capacityFigures) float64 { return f.Processors }

func (r *report) capacityBars() (bars []bar) {
	if len(r.Capacity) == 0 {
		return nil
	}
	costs := r.costs()
	for _, load := range capacityLoads {
		for _, gateways := range load.Predicted {
			bars = append(bars, r.deviationBar(costs, load.Name, gateways)...)
		}
	}
	for _, gateways := range []int{2, 4} {
		times := pairedRatios(r.capacityOf(wide, gateways), r.capacityOf(wide, 1), func(f capacityFigures) float64 {
			return f.Processors / max(1, float64(f.Received.Arrived))
		})
		bars = append(bars, ratioBar(fmt.Sprintf("capacity: CPU for a delivery of %d gateways, to that of one", gateways), times, maxGatewaysTimes)...)
	}
	missing := 0
	for _, f := range r.Capacity {
		missing += max(f.Expected-f.Received.Deliveries, f.Received.Deliveries-f.Expected) + f.Received.Lost
	}
	return append(bars, newBar("capacity: deliveries that are missing or double, and lost connections", float64(missing), 0, ""))
}

// deviationBar judges by how much gateways take more or less than predicted.
func (r *report) deviationBar(costs capacity.Costs, load string, gateways int) []bar {
	found := r.capacityOf(load, gateways)
	if len(found) == 0 {
		return nil
	}
	deviation := medianOf(found, func(f capacityFigures) float64 { return f.Processors/f.predicted(costs) - 1 })
	if math.IsNaN(deviation) || math.IsInf(deviation, 0) { // there are no costs, of runs that took less than the clock shows
		return nil
	}
	return []bar{newBar(fmt.Sprintf("capacity: %s, %d gateways, measured to predicted", load, gateways), 100*math.Abs(deviation), maxDeviation, "% off")}
}
