// Package capacity predicts what gateways take of their machines and of Kafka: what each piece of work costs times how much of it there is.
//
//   - capacity.go: what a gateway takes
//   - work.go: the work that a load makes
//   - load.go: loads, and how their results are spread over measurements
//   - fit.go: what a piece of work costs, from measurements
//   - measured.go: the costs that were measured last, and how they are kept
package capacity

// Costs are what a gateway takes for each piece of its work: processor time in µs, memory in bytes.
type Costs struct {
	Running    float64 // CPU in a second, for itself
	Followed   float64 // CPU in a second, for a partition that is followed
	Fetch      float64 // CPU for a response of Kafka's that has records
	Record     float64 // CPU for a record in it
	Match      float64 // CPU more for a record that a client gets
	Wake       float64 // CPU more for a write to a client that sleeps
	Write      float64 // CPU for a write to a client, of one or more results
	Result     float64 // CPU for a result in it
	Connection float64 // CPU for a client to connect and subscribe

	Gateway   float64 // resident memory of a gateway that follows a partition for one client
	Client    float64 // for each further client
	Partition float64 // for each further partition that is followed, with the IDs by which repeats are found

	Stored float64 // bytes of a result in Kafka's log, of one replica, as a collector writes uploads of a hundred
}

// processorTimes are the costs that Work counts the pieces of, in the order of its pieces.
func (c *Costs) processorTimes() []*float64 {
	return []*float64{&c.Running, &c.Followed, &c.Fetch, &c.Record, &c.Match, &c.Wake, &c.Write, &c.Result}
}

// Processors is how many processors a gateway keeps busy with its work.
func (c Costs) Processors(work Work) (busy float64) {
	for i, cost := range c.processorTimes() {
		busy += *cost * work.pieces()[i]
	}
	return busy / 1e6
}

// Memory is the resident memory of a gateway at rest, in bytes: without results that wait for clients and those in rings, which settings bound.
func (c Costs) Memory(clients, partitions float64) float64 {
	return c.Gateway + c.Client*max(0, clients-1) + c.Partition*max(0, partitions-1)
}
