package batch

// Limits of a batch.
const (
	Delay      = delay
	MaxBytes   = maxBytes
	MaxRecords = maxRecords
)
