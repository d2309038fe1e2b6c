package delivery

// Limits of a batch.
const (
	BatchDelay      = batchDelay
	MaxBatchBytes   = maxBatchBytes
	MaxBatchRecords = maxBatchRecords
)
