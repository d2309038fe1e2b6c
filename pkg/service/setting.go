package service

import (
	"errors"
	"fmt"
	"math"
	"net"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"

	"atlasstream/pkg/clientip"
)

// SettingError is a fault of one setting. Main names the setting by its flag and its variable.
type SettingError struct {
	Name  string // of the flag, without hyphens
	Fault error
}

func (e *SettingError) Error() string { return e.Name + ": " + e.words() }

// words is the text of the fault, without the name at its beginning.
func (e *SettingError) words() string { return strings.TrimPrefix(e.Fault.Error(), e.Name+": ") }

// Unwrap returns the fault without the name.
func (e *SettingError) Unwrap() error { return e.Fault }

// Setting adds the name of a setting to an error; nil stays nil.
func Setting(name string, err error) error {
	if err == nil {
		return nil
	}
	return &SettingError{Name: name, Fault: err}
}

const (
	maxNumber   = math.MaxInt32
	maxBytes    = 1 << 40
	maxDuration = 100 * 365 * 24 * time.Hour
)

// CheckNumbers joins the faults of all numbers and durations of a configuration, a struct: they are 0 or more, and at most a hundred
// years, 1 TiB where the field's name ends in Bytes, else 2,147,483,647. The sums and products of such values do not overflow. The setting of a field
// MaxClients is max-clients.
func CheckNumbers(config any) error { return checkNumbers(reflect.ValueOf(config)) }

func checkNumbers(config reflect.Value) error {
	var faults []error
	for field, value := range config.Fields() {
		switch {
		case field.Anonymous:
			faults = append(faults, checkNumbers(value))
		case value.CanInt():
			faults = append(faults, Setting(FlagOf(field), checkRange(value, mostOf(field))))
		}
	}
	return errors.Join(faults...)
}

func checkRange(value reflect.Value, most int64) error {
	switch got := formatNumber(value.Type(), value.Int()); {
	case value.Int() > most:
		return fmt.Errorf("got %s, want at most %s", got, formatNumber(value.Type(), most))
	case value.Int() < 0:
		return fmt.Errorf("got %s, want 0 or more", got)
	}
	return nil
}

func mostOf(field reflect.StructField) int64 {
	switch {
	case field.Type == reflect.TypeFor[time.Duration]():
		return int64(maxDuration)
	case strings.HasSuffix(field.Name, "Bytes"):
		return maxBytes
	default:
		return maxNumber
	}
}

// formatNumber formats a number, or a duration without trailing zero units.
func formatNumber(kind reflect.Type, number int64) string {
	if kind != reflect.TypeFor[time.Duration]() {
		return fmt.Sprint(number)
	}
	text := time.Duration(number).String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}

// FlagOf is the name of the flag of a configuration's field, without its hyphens.
func FlagOf(field reflect.StructField) string {
	if name := field.Tag.Get("name"); name != "" {
		return name
	}
	var name strings.Builder
	for i, letter := range field.Name {
		if unicode.IsUpper(letter) && i > 0 {
			name.WriteByte('-')
		}
		name.WriteRune(unicode.ToLower(letter))
	}
	return name.String()
}

// Address is the address of a listener, with the name of its setting.
type Address struct{ Setting, Value string }

// CheckAddresses joins the faults of addresses such as ":8080" or "127.0.0.1:0"; two with the same port and interface are one.
func CheckAddresses(addresses ...Address) error {
	var faults []error
	for i, address := range addresses {
		if err := address.check(); err != nil {
			faults = append(faults, err)
			continue
		}
		for _, other := range addresses[:i] {
			if address.overlaps(other) {
				faults = append(faults, Setting(address.Setting, fmt.Errorf("got %q, want another port than that of --%s, %q", address.Value, other.Setting, other.Value)))
			}
		}
	}
	return errors.Join(faults...)
}

func (a Address) check() error {
	if _, _, ok := a.split(); !ok {
		return Setting(a.Setting, fmt.Errorf("got %q, want host:port, or :port for all interfaces, with a port from 0 to 65535", a.Value))
	}
	return nil
}

func (a Address) split() (host string, port uint64, ok bool) {
	host, text, err := net.SplitHostPort(a.Value)
	if err != nil {
		return "", 0, false
	}
	port, err = strconv.ParseUint(text, 10, 16)
	return host, port, err == nil
}

// overlaps tells whether two addresses cannot be used at once. Port 0 stands for any free port.
func (a Address) overlaps(other Address) bool {
	host, port, ok := a.split()
	otherHost, otherPort, otherOK := other.split()
	return ok && otherOK && port == otherPort && port != 0 && (host == otherHost || isAnywhere(host) || isAnywhere(otherHost))
}

func isAnywhere(host string) bool { return host == "" || net.ParseIP(host).IsUnspecified() }

// Proxies are the settings of a program whose clients may come through proxies; its configuration embeds them.
type Proxies struct {
	TrustedProxies []string `help:"Address ranges, such as 10.0.0.0/8, of the proxies whose --address-header is believed; by default, none." placeholder:"CIDR"`
	AddressHeader  string   `help:"Header in which a trusted proxy gives the address of a client." default:"X-Forwarded-For"`
}

// Check joins the faults of both settings.
func (p Proxies) Check() error {
	_, rangesErr := clientip.NewProxies(p.TrustedProxies, "")
	_, headerErr := clientip.NewProxies(nil, p.AddressHeader)
	return errors.Join(Setting("trusted-proxies", rangesErr), Setting("address-header", headerErr))
}
