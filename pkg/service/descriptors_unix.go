//go:build unix

package service

import "syscall"

// Descriptors tells how many files and sockets the process may have open. Go raises that to what the system allows (ulimit -Hn) when a program starts.
func Descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		panic(err) // the call has no other fault than a wrong argument
	}
	return int(min(limit.Cur, 1<<30)) // which is also what "unlimited" is cut to
}
