package catchup

// Limits of a read pass and of a turn.
const (
	MaxHeld         = maxHeld
	MaxHeldSteps    = maxHeldSteps
	MaxReadSlice    = maxReadSlice
	KeptWhilePaying = keptWhilePaying
)
