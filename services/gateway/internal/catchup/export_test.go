package catchup

// Limits of a read pass.
const (
	MaxHeld      = maxHeld
	MaxHeldSteps = maxHeldSteps
	MaxReadSlice = maxReadSlice
)
