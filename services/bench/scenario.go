package main

// scenario is a way of fanning out.
type scenario struct {
	Name         string
	Clients      int
	Measurements int     // shared out among the clients, and among the results
	Rate         int     // results a second, over all measurements
	MostCPU      float64 // the bar: our CPU time for a delivery, in times of the bare loop's
}

var scenarios = []scenario{
	{Name: "A", Clients: 1000, Measurements: 1, Rate: 40, MostCPU: 1.15},
	{Name: "B", Clients: 50, Measurements: 1, Rate: 1000, MostCPU: 0.5},
	{Name: "C", Clients: 1000, Measurements: 1000, Rate: 5000, MostCPU: 1.15},
}

const (
	partitions      = 64
	idleConnections = 5000
	realNetworkRate = 15000 // results a second
)

// deliveries is how many times so many results are delivered.
func (s scenario) deliveries(results int) int { return results * s.Clients / s.Measurements }
