package service

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Main is the whole of a program's main function. It fills cli, a pointer to a struct with kong's tags, from the command line and from the environment
// (--log-level is also ATLAS_LOG_LEVEL; the command line wins), and calls Run(context.Context) error on the chosen command, or on cli itself if it
// has no commands.
//
// The first SIGINT or SIGTERM ends the context, and Run is expected to return; a second one ends the process at once. Interrupted tells the two apart. An error
// is printed and becomes the exit status: 2 if the command line, a variable or a setting was at fault, 1 for all else.
//
// The Go runtime is kept within the memory of the container, unless GOMEMLIMIT is set.
//
// An error with a SettingError names the setting's flag and variable. Variables that begin with ATLAS_ and are no setting of any program are refused; empty
// ones count as not set. --version prints the version. A program with an admin port has the commands healthz and readyz besides, which ask a running one.
func Main(name, description string, cli any) {
	parser := parserOf(name, description, cli, kong.Embed(&versionFlag{}), kong.Vars{"version": name + " " + Version()})
	describeHealthChecks(parser)
	if checks := newHealthChecks(parser, os.Args[1:]); checks != nil {
		parser = checks
	}
	command, err := parseCommandLine(parser, os.Args[1:])
	parser.FatalIfErrorf(err)
	limitMemory()
	ctx := untilSignal()
	command.BindTo(ctx, (*context.Context)(nil))
	parser.FatalIfErrorf(explain(command.Run(), flagsOf(command)))
}

type versionFlag struct {
	Version kong.VersionFlag `help:"Print the version and exit." env:"-"`
}

func parseCommandLine(parser *kong.Kong, arguments []string) (*kong.Context, error) {
	unknown := checkVariables(os.Environ(), parser.Model.Node)
	unsetEmpty(os.Environ())
	command, err := parser.Parse(arguments)
	if parsing, ok := errors.AsType[*kong.ParseError](err); ok {
		return nil, usageError{explain(err, flagsOf(parsing.Context))}
	}
	if err != nil {
		return nil, usageError{err}
	}
	if err := errors.Join(unknown, explain(checkGiven(command), flagsOf(command))); err != nil {
		return nil, usageError{err}
	}
	return command, nil
}

// untilSignal returns a context that the first signal ends. It unregisters from signals before that, so that the next one has its usual effect;
// signal.NotifyContext might lose it.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		received := <-signals
		signal.Stop(signals)
		if received == os.Interrupt {
			cancel(errInterrupted)
		}
		cancel(nil)
	}()
	return ctx
}

var errInterrupted = errors.New("interrupted at a terminal")

// Interrupted reports whether SIGINT ended a context of Main: somebody at a terminal, whom no load balancer has to be told of, waits for the end.
func Interrupted(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errInterrupted) }
