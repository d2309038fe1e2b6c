// Package settingtest checks that what a command is told reaches the configuration that it makes of it.
package settingtest

import (
	"reflect"
	"testing"
)

// Fill gives every field of a command's settings, a pointer to a struct, a value that is not zero.
func Fill(settings any) { fill(reflect.ValueOf(settings).Elem()) }

func fill(value reflect.Value) {
	switch value.Kind() {
	case reflect.Struct:
		for _, field := range value.Fields() {
			if field.CanSet() || field.Kind() == reflect.Struct {
				fill(field)
			}
		}
	case reflect.Slice:
		value.Set(reflect.ValueOf([]string{"given"}))
	case reflect.String:
		value.SetString("given")
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Float64:
		value.SetFloat(1)
	case reflect.Uint64:
		value.SetUint(1)
	default:
		value.SetInt(1)
	}
}

// Check fails the test for every field of a configuration that was made of settings from Fill, has the name of one of them, and not its value.
func Check(t *testing.T, settings, config any) {
	t.Helper()
	from, to := reflect.ValueOf(settings).Elem(), reflect.ValueOf(config)
	for field := range to.Type().Fields() {
		given := from.FieldByName(field.Name)
		if given.IsValid() && !reflect.DeepEqual(given.Interface(), to.FieldByIndex(field.Index).Interface()) {
			t.Errorf("%s is not passed on", field.Name)
		}
	}
}
