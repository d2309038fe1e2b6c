//go:build !unix

package service

// Descriptors is a number that systems without such a limit bear.
func Descriptors() int { return 1 << 16 }
