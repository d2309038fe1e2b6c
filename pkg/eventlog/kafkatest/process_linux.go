package kafkatest

import "syscall"

// dieWithParent ends a broker with the process that started it, however that ends. The kernel watches the thread, which must not end before.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
