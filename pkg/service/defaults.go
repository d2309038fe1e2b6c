package service

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/alecthomas/kong"
)

// SetDefaults gives each field of a configuration that is zero the default of its tag, as the command line does. The configuration is a pointer to a struct
// with kong's tags, which a command embeds, so each setting is declared once. Two tags are the project's own, both for numbers: with positive, zero stands for
// "not given" and cannot be given; with zero, it is a value like any other, though the default is another one, and SetDefaults keeps it.
func SetDefaults(config any) { setDefaults(reflect.ValueOf(config).Elem()) }

func setDefaults(config reflect.Value) {
	for field, value := range config.Fields() {
		text := field.Tag.Get("default")
		_, keepsZero := field.Tag.Lookup("zero")
		switch {
		case field.Anonymous:
			setDefaults(value)
		case text != "" && value.IsZero() && !keepsZero:
			if err := setText(value, text); err != nil {
				panic(fmt.Sprintf("the default of %s: %v", field.Name, err))
			}
		}
	}
}

func setText(value reflect.Value, text string) error {
	switch {
	case value.Type() == reflect.TypeFor[time.Duration]():
		duration, err := time.ParseDuration(text)
		value.SetInt(int64(duration))
		return err
	case value.CanInt():
		number, err := strconv.ParseInt(text, 10, 64)
		value.SetInt(number)
		return err
	case value.CanFloat():
		number, err := strconv.ParseFloat(text, 64)
		value.SetFloat(number)
		return err
	case value.Kind() == reflect.String:
		value.SetString(text)
		return nil
	}
	return fmt.Errorf("%s has no default", value.Type())
}

// checkGiven refuses a number below zero, and a zero that would stand for the default.
func checkGiven(context *kong.Context) error {
	var faults []error
	for _, path := range context.Path {
		node := path.Node()
		if node == nil {
			continue
		}
		for _, flag := range node.Flags {
			if flag.Set {
				faults = append(faults, Setting(flag.Name, checkNumber(flag.Target, mayBeZero(flag))))
			}
		}
	}
	return errors.Join(faults...)
}

func mayBeZero(flag *kong.Flag) bool {
	hasDefault := flag.HasDefault && flag.Default != "0"
	return flag.Tag.Has("zero") || !hasDefault && !flag.Tag.Has("positive")
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
