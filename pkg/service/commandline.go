package service

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// defaulter is a command whose settings are fields of a configuration: Defaults gives one with the default of each, a struct whose fields are named as the
// command's. So each default stands in one place. A setting whose default is not zero cannot be zero.
type defaulter interface{ Defaults() any }

// setDefaults gives the flags of a command the defaults of its configuration, unless they have a default of their own, which must be the same.
func setDefaults(node *kong.Node) error {
	for flag, value := range configured(node) {
		if value.IsZero() {
			continue
		}
		text := formatDefault(value)
		if !flag.HasDefault {
			flag.Default, flag.HasDefault = text, true
		}
		if flag.Default != text && flag.Default != value.String() {
			return fmt.Errorf("--%s has the defaults %s and %s", flag.Name, flag.Default, text)
		}
	}
	for _, child := range node.Children {
		if err := setDefaults(child); err != nil {
			return err
		}
	}
	return nil
}

// configured are the flags of a command that its configuration has a field for.
func configured(node *kong.Node) map[*kong.Flag]reflect.Value {
	flags := make(map[*kong.Flag]reflect.Value)
	if !node.Target.IsValid() || !node.Target.CanAddr() {
		return flags
	}
	command, ok := reflect.TypeAssert[defaulter](node.Target.Addr())
	if !ok {
		return flags
	}
	config := reflect.ValueOf(command.Defaults())
	for _, flag := range node.Flags {
		field := config.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, strings.ReplaceAll(flag.Name, "-", "")) })
		if field.IsValid() {
			flags[flag] = field
		}
	}
	return flags
}

func formatDefault(value reflect.Value) string {
	switch {
	case value.CanInt():
		return formatNumber(value.Type(), value.Int())
	case value.Kind() == reflect.Slice:
		return strings.Join(value.Interface().([]string), ",")
	default:
		return fmt.Sprint(value.Interface())
	}
}

// checkGiven refuses a zero that the configuration would take for "as usual", and a number below it.
func checkGiven(context *kong.Context) error {
	var faults []error
	for _, path := range context.Path {
		node := path.Node()
		if node == nil {
			continue
		}
		for flag, value := range configured(node) {
			if flag.Set {
				faults = append(faults, Setting(flag.Name, checkNumber(flag.Target, value.IsZero() && !flag.Tag.Has("positive"))))
			}
		}
	}
	return errors.Join(faults...)
}

func checkNumber(given reflect.Value, mayBeZero bool) error {
	switch isNumber := given.CanInt() || given.CanFloat(); {
	case isNumber && given.IsZero() && !mayBeZero:
		return errors.New("got 0, want more than 0")
	case given.CanInt() && given.Int() < 0 && mayBeZero:
		return fmt.Errorf("got %s, want 0 or more", formatNumber(given.Type(), given.Int()))
	case given.CanInt() && given.Int() < 0:
		return fmt.Errorf("got %s, want more than 0", formatNumber(given.Type(), given.Int()))
	}
	return nil
}

// formatHelp tells of a flag what it may be, what it is unless given, which a tag says in words where it follows from other settings, and its variable.
func formatHelp(value *kong.Value) string {
	var notes []string
	if value.Enum != "" {
		notes = append(notes, "one of "+strings.Join(value.EnumSlice(), ", "))
	}
	if value.HasDefault && value.Default != "" {
		notes = append(notes, "default "+value.Default)
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

// explain names in an error each setting by its flag and its variable.
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

// explainCommand says of an argument in the place of a command that it is none.
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

// explainParsing does that with an error of kong, which begins with the flag.
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

// withoutAdvice leaves out what kong advises where a value begins with a hyphen, as a number that does is below 0 and refused in any case.
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

// flagsOf are the flags of the command that was chosen, as far as one was.
func flagsOf(context *kong.Context) map[string]*kong.Flag {
	flags := make(map[string]*kong.Flag)
	for _, path := range context.Path {
		for _, flag := range path.Flags {
			flags[flag.Name] = flag
		}
	}
	return flags
}

// settingErrors are all those in an error's tree.
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
