package outage

import "math"

// surprise is the negative decimal logarithm of the Poisson probability of count or more disconnects.
func surprise(count int, expected float64) float64 {
	k := float64(count)
	if k <= expected || count == 0 {
		return 0 // about a half or more
	}
	logGamma, _ := math.Lgamma(k + 1)
	sum, term := 1.0, 1.0
	for i := 1.0; term > 1e-9*sum; i++ {
		term *= expected / (k + i)
		sum += term
	}
	return (expected - k*math.Log(expected) + logGamma - math.Log(sum)) / math.Ln10
}

// gain is the logarithm of how much likelier a count is at its own rate than at the expected one. It is at most the surprise times ln 10.
func gain(count int, expected float64) float64 {
	k := float64(count)
	if k <= expected {
		return 0
	}
	return k*math.Log(k/expected) - (k - expected)
}

// mostSurprise is more than the surprise of a count and never much more: one term instead of the sum (Stirling).
func mostSurprise(count int, gain float64) float64 {
	k := float64(count)
	return (gain + math.Log(2*math.Pi*k)/2 + 1/(12*k)) / math.Ln10
}

// rare has, for each count, the expectation at which it is just surprising enough for an alarm. The table is for speed: every disconnect looks for an alarm,
// and nearly always there is none.
var rare = func() (most [maxWindows + 1]float64) {
	for count := 1; count < len(most); count++ {
		low, high := most[count-1], float64(count)
		for range 50 {
			if middle := (low + high) / 2; surprise(count, middle) >= alarmSurprise {
				low = middle
			} else {
				high = middle
			}
		}
		most[count] = low
	}
	return most
}()
