// Package reorder puts the records of one topic in the order of event time, as far as a window reaches that is bounded in time and bytes.
//
//   - window.go: Window, which holds records until no earlier one is to be expected.
//   - logorder.go: those that it holds by offset.
//   - runs.go: those that it holds by event time; heap.go: the first of each run, and the order.
package reorder
