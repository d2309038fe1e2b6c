package service

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// prefix is that of every variable.
const prefix = "ATLAS"

func parserOf(name, description string, cli any, options ...kong.Option) *kong.Kong {
	return kong.Must(cli, append(options,
		kong.Name(name),
		kong.Description(description),
		kong.DefaultEnvars(prefix),
		kong.ValueFormatter(formatHelp),
		kong.ShortUsageOnError(),
	)...)
}

// formatHelp adds to the help of a flag its values, its default and its variable. The tag "otherwise" has the default in words where it depends on others.
func formatHelp(value *kong.Value) string {
	var notes []string
	if value.Enum != "" {
		notes = append(notes, "one of "+strings.Join(value.EnumSlice(), ", "))
	}
	if value.HasDefault && value.Default != "" {
		notes = append(notes, "default "+value.Default+mebibytes(value))
	} else if words := value.Tag.Get("otherwise"); words != "" {
		notes = append(notes, "default "+words)
	}
	for _, variable := range value.Tag.Envs {
		notes = append(notes, "$"+variable)
	}
	if len(notes) == 0 {
		return value.Help
	}
	return strings.TrimSuffix(value.Help, ".") + " (" + strings.Join(notes, "; ") + ")."
}

// mebibytes is the default of a setting again, in MiB, where it is a long number of bytes.
func mebibytes(value *kong.Value) string {
	number, err := strconv.ParseInt(value.Default, 10, 64)
	if err != nil || number < 1<<20 || number%(1<<20) != 0 {
		return ""
	}
	return fmt.Sprintf(", %d MiB", number>>20)
}

// explain replaces the name of each setting in an error by its flag and variable.
func explain(err error, flags map[string]*kong.Flag) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, fault := range settingErrors(err) {
		if flag := flags[fault.Name]; flag != nil {
			text = strings.ReplaceAll(text, fault.Error(), label(flag)+": "+fault.words())
		}
	}
	if parsing, ok := errors.AsType[*kong.ParseError](err); ok && text == parsing.Error() {
		text = explainParsing(explainCommand(text, parsing.Context), flags)
	}
	return &explained{text, err}
}

// explainCommand lists the commands where an argument is not one of them.
func explainCommand(text string, context *kong.Context) string {
	wrong, found := strings.CutPrefix(text, "unexpected argument ")
	if !found || context.Selected() != nil || len(context.Model.Children) == 0 {
		return text
	}
	var names []string
	for _, command := range context.Model.Children {
		names = append(names, command.Name)
	}
	wrong, _, _ = strings.Cut(wrong, ", did you mean")
	return fmt.Sprintf("no such command: got %q, want one of %s", wrong, strings.Join(names, ", "))
}

// explainParsing adds the variable and the wanted value to an error of kong, which begins with the flag.
func explainParsing(text string, flags map[string]*kong.Flag) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "--"), " ")
	flag := flags[strings.TrimSuffix(name, ":")]
	if flag == nil || !strings.HasPrefix(text, "--") {
		return text
	}
	text = label(flag) + strings.TrimPrefix(text, "--"+flag.Name)
	if strings.Contains(text, `got "EOL"`) || strings.Contains(text, "missing value") {
		text = label(flag) + ": the value is missing"
	}
	switch number := flag.Target; {
	case number.Type() == reflect.TypeFor[time.Duration]():
		return withoutAdvice(text) + "; want a duration such as 90s, 5m or 1h, at most " + formatNumber(number.Type(), int64(maxDuration))
	case number.CanInt() || number.CanUint():
		return withoutAdvice(text) + "; want a whole number, not below 0"
	case number.CanFloat():
		return withoutAdvice(text) + "; want a number above 0"
	default:
		return text
	}
}

// withoutAdvice removes the advice of kong for a value that begins with a hyphen: a number that does is below 0, which no setting takes.
func withoutAdvice(text string) string {
	words, _, _ := strings.Cut(text, " (short flag); perhaps try ")
	return words
}

func label(flag *kong.Flag) string {
	if len(flag.Envs) == 0 {
		return "--" + flag.Name
	}
	return "--" + flag.Name + " (" + strings.Join(flag.Envs, ", ") + ")"
}

// flagsOf are the flags of the chosen command, if any.
func flagsOf(context *kong.Context) map[string]*kong.Flag {
	flags := make(map[string]*kong.Flag)
	for _, path := range context.Path {
		for _, flag := range path.Flags {
			flags[flag.Name] = flag
		}
	}
	return flags
}

// settingErrors are all SettingErrors in the tree of an error.
func settingErrors(err error) (found []*SettingError) {
	if fault, ok := err.(*SettingError); ok { //nolint:errorlint // the tree is walked here
		found = append(found, fault)
	}
	switch wrapping := err.(type) { //nolint:errorlint // likewise
	case interface{ Unwrap() error }:
		if inner := wrapping.Unwrap(); inner != nil {
			found = append(found, settingErrors(inner)...)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range wrapping.Unwrap() {
			found = append(found, settingErrors(inner)...)
		}
	}
	return found
}

type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }

func (e *explained) Unwrap() error { return e.err }

// Settings marks an error as one of the settings of a command, which ends the process with status 2; nil stays nil.
func Settings(of string, faults error) error {
	if faults == nil {
		return nil
	}
	return usageError{fmt.Errorf("%s settings: %w", of, faults)}
}

// usageError ends the process with status 2.
type usageError struct{ error }

// ExitCode is the usual status of wrong usage.
func (usageError) ExitCode() int { return 2 }

// Unwrap returns the error.
func (e usageError) Unwrap() error { return e.error }
