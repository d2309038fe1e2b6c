package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"atlasstream/services/bench/internal/ipc"
)

const (
	stopTimeout = 10 * time.Second
	answerTime  = time.Minute
)

// process is a child process with a channel to it.
type process struct {
	*ipc.Channel
	command *exec.Cmd
	log     string
	in, out io.Closer
}

// start starts a program whose standard error goes to a file. Stop ends it.
func (l *lab) start(ctx context.Context, program string, arguments ...string) (*process, error) {
	return l.startIn(ctx, nil, program, arguments...)
}

// startIn is start with further environment variables.
func (l *lab) startIn(ctx context.Context, environment []string, program string, arguments ...string) (*process, error) {
	log, err := os.CreateTemp(l.dir, filepath.Base(program)+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // the child has its own descriptor
	command := exec.CommandContext(ctx, program, arguments...)
	command.Stderr = log
	command.Env = append(os.Environ(), environment...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = stopTimeout
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	return &process{Channel: ipc.NewChannel(out, in), command: command, log: log.Name(), in: in, out: out}, nil
}

func (p *process) pid() int { return p.command.Process.Pid }

// receive waits for a message, and no longer than a minute.
func (p *process) receive(message any) error { return p.receiveWithin(answerTime, message) }

func (p *process) receiveWithin(limit time.Duration, message any) error {
	given := time.AfterFunc(limit, func() { _ = p.out.Close() })
	defer given.Stop()
	if err := p.Receive(message); err != nil {
		return p.explain(fmt.Errorf("waiting for %T: %w", message, err))
	}
	return nil
}

// explain adds the end of the process's log to an error.
func (p *process) explain(err error) error {
	const maxBytes = 2000
	log, readErr := os.ReadFile(p.log)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	return fmt.Errorf("%s: %w\n%s", filepath.Base(p.command.Path), err, bytes.TrimSpace(log[max(0, len(log)-maxBytes):]))
}

// stop asks the process to end, and kills it if it does not.
func (p *process) stop() {
	_ = p.in.Close()
	_ = p.command.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(stopTimeout, func() { _ = p.command.Process.Kill() })
	defer kill.Stop()
	_ = p.command.Wait() // its exit status does not matter
}
