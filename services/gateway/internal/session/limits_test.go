package session_test

import "time"

// What other packages promise, as tests of them together rely on it.
const (
	batchDelay       = time.Second / 10 // of delivery
	maxBatchBytes    = 64 << 10
	maxBatchRecords  = 1000
	maxHeld          = 256 // of catchup
	maxHeldSteps     = 10_000
	maxReadSlice     = 1 << 17
	stepsOfCondition = 4                // of cost
	keptWhilePaying  = time.Second / 10 // of catchup
)
