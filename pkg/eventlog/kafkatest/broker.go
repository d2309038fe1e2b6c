package kafkatest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// stopTime limits an orderly stop, in which a broker moves its partitions' leaders.
const stopTime = 30 * time.Second

// broker is a process that runs or has ended, with the directory and the ports that it keeps over restarts.
type broker struct {
	id         int
	address    string // for clients
	controller string // for the other brokers
	listeners  []string
	dir        string
	process    *os.Process
	ended      chan struct{} // closed when the process has; nil before the first start
}

func (b *broker) data() string { return filepath.Join(b.dir, "data") }

func (b *broker) settings() string { return filepath.Join(b.dir, "server.properties") }

func (b *broker) log() string { return filepath.Join(b.dir, "broker.log") }

func (b *broker) running() bool {
	if b.ended == nil {
		return false
	}
	select {
	case <-b.ended:
		return false
	default:
		return true
	}
}

// run starts java, whose output goes to the broker's log.
func (b *broker) run(java *exec.Cmd) error {
	log, err := os.OpenFile(b.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has its own
	java.Stdout, java.Stderr = log, log
	java.SysProcAttr = dieWithParent()
	started, ended := make(chan error), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // see dieWithParent
		defer runtime.UnlockOSThread()
		err := java.Start()
		started <- err
		if err == nil {
			_ = java.Wait() // its log has the reason
		}
	}()
	if err := <-started; err != nil {
		<-ended
		return err
	}
	b.process, b.ended = java.Process, ended
	return nil
}

// kill ends the process as a crash does, and waits for its end.
func (b *broker) kill() error {
	if !b.running() {
		return nil
	}
	if err := b.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-b.ended
	return nil
}

// stop ends the process in an orderly way.
func (b *broker) stop() error {
	if !b.running() {
		return nil
	}
	if err := b.process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-b.ended:
		return nil
	case <-time.After(stopTime):
		return errors.Join(fmt.Errorf("broker %d did not stop within %s and was killed", b.id, stopTime), b.kill())
	}
}
