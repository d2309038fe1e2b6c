package kafkatest

import "syscall"

// dieWithParent ends a broker with the process that started it, however that ended. The kernel watches the thread, so that must stay.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
