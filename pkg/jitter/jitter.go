// Package jitter spreads what many clients are told to do after the same time, so that they do not do it at the same moment.
package jitter

import (
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Around returns a random duration between half of the mean and one and a half of it.
func Around(mean time.Duration) time.Duration {
	//mutate:jitter-fixed
	return mean/2 + rand.N(max(mean, 1))
}

// SetRetryAfter tells a refused client to try again around a mean. The header is in whole seconds (RFC 9110, section 10.2.3), of which it has one at least.
func SetRetryAfter(header http.Header, mean time.Duration) {
	header.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(Around(mean).Seconds())))))
}
