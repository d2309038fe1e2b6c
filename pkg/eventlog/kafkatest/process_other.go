//go:build !linux

package kafkatest

import "syscall"

// dieWithParent does nothing here: only Linux ends a process with its parent.
func dieWithParent() *syscall.SysProcAttr { return nil }
