package service

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Main is the whole of a program's main function. It fills cli, a pointer to a struct with kong's tags, from the command line and from the environment
// (--log-level is also ATLAS_LOG_LEVEL; the command line wins), and calls Run(context.Context) error on the chosen command, or on cli itself if it
// has no commands.
//
// The first SIGINT or SIGTERM ends the context, and Run is expected to return; a second one ends the process at once. An error is printed and becomes
// the exit status: 1 if Run returned it, 80 if the command line was at fault.
func Main(name, description string, cli any) {
	command := kong.Parse(cli,
		kong.Name(name),
		kong.Description(description),
		kong.DefaultEnvars("ATLAS"),
		kong.ShortUsageOnError(),
	)
	ctx := untilSignal()
	command.BindTo(ctx, (*context.Context)(nil))
	command.FatalIfErrorf(command.Run())
}

// untilSignal returns a context that the first signal ends. It lets go of the signals before that, so that the next one has its usual effect; that of
// signal.NotifyContext may still swallow one.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals)
		cancel()
	}()
	return ctx
}
