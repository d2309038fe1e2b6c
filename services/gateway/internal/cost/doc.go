// Package cost estimates what subscriptions cost for each record of a measurement, and charges it to the networks of their clients, so that no address takes
// more of a partition's time than it may. The unit is a step, about a tenth of a microsecond.
//
//   - costs.go: what is charged, by measurement, network and client.
//   - length.go: how long the records of a measurement are.
//   - networkcost.go: what the clients of a network cost together.
//   - clientcost.go: what one client costs beside what is done once for all of them.
//   - matching.go: what is done to tell whether a record is wanted.
//   - writes.go: to how many clients a record may have to be written.
//   - steps.go: the unit, and how many steps everything takes.
package cost
