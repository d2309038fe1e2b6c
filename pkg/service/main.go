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
// The first SIGINT or SIGTERM ends the context, and Run is expected to return; a second one ends the process at once. An error is printed and becomes
// the exit status: 1 if Run returned it, 80 if the command line was at fault.
//
// Every error names the flag and the variable of the setting that it is about, if it has a SettingError. Variables that begin with ATLAS_ and are no
// setting of any program are refused. Commands may implement defaulter. --version prints the version.
func Main(name, description string, cli any) {
	parser := kong.Must(cli,
		kong.Name(name),
		kong.Description(description),
		kong.Embed(&versionFlag{}),
		kong.Vars{"version": name + " " + Version()},
		kong.DefaultEnvars(prefix),
		kong.PostBuild(func(k *kong.Kong) error { return setDefaults(k.Model.Node) }),
		kong.ValueFormatter(formatHelp),
		kong.ShortUsageOnError(),
	)
	command, err := parse(parser, os.Args[1:])
	parser.FatalIfErrorf(err)
	ctx := untilSignal()
	command.BindTo(ctx, (*context.Context)(nil))
	parser.FatalIfErrorf(explain(command.Run(), flagsOf(command)))
}

// prefix is that of every variable.
const prefix = "ATLAS"

type versionFlag struct {
	Version kong.VersionFlag `help:"Print the version and exit." env:"-"`
}

func parse(parser *kong.Kong, arguments []string) (*kong.Context, error) {
	command, err := parser.Parse(arguments)
	if parsing, ok := errors.AsType[*kong.ParseError](err); ok {
		return nil, explain(err, flagsOf(parsing.Context))
	}
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkVariables(os.Environ(), parser.Model.Node), explain(checkZeros(command), flagsOf(command))); err != nil {
		return nil, usageError{err}
	}
	return command, nil
}

// usageError ends the process with the status of a command line that is at fault.
type usageError struct{ error }

// ExitCode is kong's own.
func (usageError) ExitCode() int { return 80 }

// Unwrap gives what is at fault.
func (e usageError) Unwrap() error { return e.error }

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
