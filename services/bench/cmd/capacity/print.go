package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"atlasstream/services/bench/internal/capacity"
)

const (
	secondsOfDay  = 24 * 60 * 60
	daysOfYear    = 365
	reconnectTime = 1.0 // seconds over which clients of a gateway that is lost come back: Socket.IO's first delay

	mebibyte = 1 << 20
	waiting  = 256 * mebibyte // for what waits for clients: --total-queue-bytes where the memory is not limited
	rings    = 32 * mebibyte  // for the last records of all partitions
	usable   = 0.9            // of a container's memory, within which the Go runtime is kept
)

func (p plan) print(to io.Writer) error {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	work := capacity.WorkOf(p.load, p.gateways)
	p.printLoad(table, work)
	p.printGateway(table, work)
	p.printLoss(table)
	p.printKafka(table, work)
	return table.Flush()
}

func (p plan) printLoad(to io.Writer, work capacity.Work) {
	deliveries := work.Results * float64(p.gateways)
	fmt.Fprintf(to, "results\t%.0f a second, %.0f in the busiest of %d partitions: %.2f times the mean\n",
		p.Results, p.load.Busiest()*p.Results, p.Partitions, p.unevenness(p.Partitions))
	for _, partitions := range []int{p.Partitions / 4, p.Partitions * 4} {
		if partitions > 0 {
			fmt.Fprintf(to, "\twith %d partitions %.2f times the mean\n", partitions, p.unevenness(partitions))
		}
	}
	fmt.Fprintf(to, "clients\t%.0f, which get %.2f results a second each: %.0f deliveries a second\n", p.Clients, deliveries/p.Clients, deliveries)
	fmt.Fprintf(to, "gateways\t%d, of which one may be lost: %s\n", p.gateways, p.reason)
}

// unevenness is what the busiest of so many partitions has, in times of the mean.
func (p plan) unevenness(partitions int) float64 {
	load := p.load
	if partitions != p.Partitions {
		load = capacity.NewLoad(p.Results, p.bursts(), partitions, p.load.Measurements)
	}
	return load.Busiest() * float64(partitions)
}

func (p plan) printGateway(to io.Writer, work capacity.Work) {
	reading := capacity.Work{Running: work.Running, Followed: work.Followed, Fetches: work.Fetches, Records: work.Records}
	matching := capacity.Work{Matched: work.Matched}
	writing := capacity.Work{Wakes: work.Wakes, Writes: work.Writes, Results: work.Results}
	clients := p.Clients / float64(p.gateways)
	fmt.Fprintf(to, "a gateway\t%.0f clients, %.0f partitions, %.0f records in %.0f fetches a second\n", clients, work.Followed, work.Records, work.Fetches)
	fmt.Fprintf(to, "  processors\t%.2f: %.2f to read, %.2f to match and encode, %.2f to write\n", p.costs.Processors(work),
		p.costs.Processors(reading), p.costs.Processors(matching), p.costs.Processors(writing))
	atRest := p.costs.Memory(clients, work.Followed)
	limit := (2*atRest + waiting + rings) / usable
	fmt.Fprintf(to, "  memory\t%.0f MiB at rest; %.0f MiB with what waits and what is not collected yet\n", atRest/mebibyte, limit/mebibyte)
}

// printLoss tells what happens when a gateway is lost at once.
func (p plan) printLoss(to io.Writer) {
	lost := p.Clients / float64(p.gateways)
	connects := lost / reconnectTime / float64(p.gateways-1)
	connecting, busy := connects*p.costs.Connection/1e6, p.busyOf(p.gateways-1)
	fmt.Fprintf(to, "one is lost\t%.0f clients connect, %.0f a second to each other gateway: %.2f processors for that and %.2f for the rest, of %g\n",
		lost, connects, connecting, busy, p.Processors)
}

func (p plan) printKafka(to io.Writer, work capacity.Work) {
	stored := p.Results * p.costs.Stored
	read := work.Records * p.costs.Stored * float64(p.gateways)
	fmt.Fprintf(to, "Kafka\t%.1f MB/s written, %.0f MB/s read by gateways, %.0f MB/s between brokers\n", stored/1e6, read/1e6, stored/1e6*float64(p.Replication-1))
	const tera = 1e12
	year := stored * secondsOfDay * daysOfYear / tera
	fmt.Fprintf(to, "  disks\t%.2f TB for %g days on all brokers; a year is %.1f TB once, %.1f TB on all brokers\n",
		stored*secondsOfDay*p.Retention*float64(p.Replication)/tera, p.Retention, year, year*float64(p.Replication))
}
