// Package jittertest says whether what clients are told has jitter's bounds.
package jittertest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// IsAround reports whether a duration is one that jitter.Around returns for the mean.
func IsAround(got, mean time.Duration) bool { return mean/2 <= got && got < mean*3/2 }

// RetriesAround reports whether Retry-After is one that jitter.SetRetryAfter sets for the mean.
func RetriesAround(header http.Header, mean time.Duration) bool {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	got := time.Duration(seconds) * time.Second
	return err == nil && mean/2 <= got && got < mean*3/2+time.Second
}

// CutRetry returns what follows the field "retry: MILLISECONDS" and a line break at the beginning of Server-Sent Events, if its time is one that
// jitter.Around returns for the mean.
func CutRetry(text string, mean time.Duration) (rest string, found bool) {
	field, rest, _ := strings.Cut(text, "\n")
	milliseconds, err := strconv.Atoi(strings.TrimPrefix(field, "retry: "))
	return rest, strings.HasPrefix(field, "retry: ") && err == nil && IsAround(time.Duration(milliseconds)*time.Millisecond, mean)
}
