package service

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"atlasstream/pkg/clientip"
)

func expectLines(t *testing.T, err error, want ...string) {
	t.Helper()
	if len(want) == 0 && err == nil {
		return
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
}

func TestNumbersHaveSense(t *testing.T) {
	type config struct {
		Name                    string
		MaxClients              int
		QueueBytes              int64
		PingInterval, BehindAll time.Duration
	}
	expectLines(t, CheckNumbers(commandLine{Inner: Inner{QueueBytes: -1}}), "queue-bytes: got -1, want 0 or more")
	expectLines(t, CheckNumbers(config{MaxClients: 1 << 30, QueueBytes: 1 << 40, PingInterval: 87600 * time.Hour}))
	expectLines(t, CheckNumbers(config{MaxClients: -1, PingInterval: -5 * time.Minute, BehindAll: 90 * time.Second, QueueBytes: 1 << 41}),
		"max-clients: got -1, want 0 or more",
		"queue-bytes: got 2199023255552, want at most 1099511627776",
		"ping-interval: got -5m, want 0 or more")
}

func TestAddressesDiffer(t *testing.T) {
	for name, test := range map[string]struct {
		listen, admin string
		want          []string
	}{
		"others":        {":8080", "127.0.0.1:9090", nil},
		"free ones":     {":0", ":0", nil},
		"of interfaces": {"127.0.0.1:80", "127.0.0.2:80", nil},
		"the same":      {":80", ":80", []string{`admin: got ":80", want another port than that of --listen, ":80"`}},
		"within all":    {"0.0.0.0:80", "127.0.0.1:80", []string{`admin: got "127.0.0.1:80", want another port than that of --listen, "0.0.0.0:80"`}},
		"of a name":     {":http", "[::1]:80", []string{`listen: got ":http", want host:port, or :port for all interfaces, with a port from 0 to 65535`}},
		"none":          {"8080", ":70000", []string{`listen: got "8080", want host:port, or :port for all interfaces, with a port from 0 to 65535`, `admin: got ":70000", want host:port, or :port for all interfaces, with a port from 0 to 65535`}},
	} {
		t.Run(name, func(t *testing.T) {
			expectLines(t, CheckAddresses(Address{"listen", test.listen}, Address{"admin", test.admin}), test.want...)
		})
	}
}

type commandLine struct {
	Inner
	MaxClients int           `help:"Most clients." default:"20000"`
	Backlog    time.Duration `help:"How far back." default:"5m"`
	Back       time.Duration `help:"How far." positive:""`
	Seed       uint64        `help:"Any." default:"1" zero:""`
	Past       time.Duration `help:"How much." default:"10m" zero:""`
	Pace       float64       `help:"How fast." default:"1.5"`
	Mode       string        `help:"How." enum:"one,two" default:"one"`
	Names      []string      `help:"Whose."`

	Replication int `help:"How many." default:"0"`
}

type Inner struct {
	QueueBytes int64 `default:"4096"`
}

// defaults are those of an empty command line.
func defaults() commandLine {
	return commandLine{
		Inner: Inner{QueueBytes: 4096}, MaxClients: 20_000, Backlog: 5 * time.Minute, Seed: 1, Past: 10 * time.Minute, Pace: 1.5, Mode: "one",
	}
}

func newParser(t *testing.T, cli any) *kong.Kong {
	t.Helper()
	parser, err := kong.New(cli, kong.DefaultEnvars(prefix))
	if err != nil {
		t.Fatal(err)
	}
	return parser
}

// A configuration that is made in Go has the defaults of the command line, except for a zero that is a value.
func TestDefaultsAreThoseOfTheTags(t *testing.T) {
	var parsed commandLine
	if _, err := parseCommandLine(newParser(t, &parsed), nil); err != nil {
		t.Fatal(err)
	}
	if want := defaults(); !reflect.DeepEqual(parsed, want) {
		t.Errorf("got %+v, want %+v", parsed, want)
	}
	made := commandLine{MaxClients: 7, Inner: Inner{QueueBytes: 8}}
	SetDefaults(&made)
	want := defaults()
	want.MaxClients, want.QueueBytes, want.Seed, want.Past = 7, 8, 0, 0
	if !reflect.DeepEqual(made, want) {
		t.Errorf("got %+v, want %+v", made, want)
	}
}

// A trusted proxy gives the address in the same header by default, whether that of the tag or of the package.
func TestAddressHeaderHasOneDefault(t *testing.T) {
	var proxies Proxies
	if SetDefaults(&proxies); proxies.AddressHeader != clientip.DefaultHeader {
		t.Errorf("got %q, want %q", proxies.AddressHeader, clientip.DefaultHeader)
	}
}

// A long number of bytes is also given in MiB.
func TestHelpHasDefaultsWithUnits(t *testing.T) {
	type flags struct {
		QueueBytes int           `help:"Bytes." default:"16777216"`
		MinRate    int           `help:"Rate." default:"8192"`
		Window     time.Duration `help:"Window." default:"10m"`
	}
	want := map[string]string{
		"queue-bytes": "Bytes (default 16777216, 16 MiB; $ATLAS_QUEUE_BYTES).", "min-rate": "Rate (default 8192; $ATLAS_MIN_RATE).",
		"window": "Window (default 10m; $ATLAS_WINDOW).",
	}
	for _, flag := range newParser(t, &flags{}).Model.Flags {
		if got := formatHelp(flag.Value); flag.Name != "help" && got != want[flag.Name] {
			t.Errorf("got %q, want %q", got, want[flag.Name])
		}
	}
}

func TestFaultsOfTheCommandLineNameFlagAndVariable(t *testing.T) {
	for argument, want := range map[string]string{
		"--max-clients=0":    "--max-clients (ATLAS_MAX_CLIENTS): got 0, want more than 0",
		"--back=0s":          "--back (ATLAS_BACK): got 0, want more than 0",
		"--back=-5m":         "--back (ATLAS_BACK): got -5m, want more than 0",
		"--max-clients=-3":   "--max-clients (ATLAS_MAX_CLIENTS): got -3, want more than 0",
		"--replication=-3":   "--replication (ATLAS_REPLICATION): got -3, want 0 or more",
		"--replication=0":    "",
		"--mode":             "--mode (ATLAS_MODE): the value is missing",
		"--names":            "--names (ATLAS_NAMES): the value is missing",
		"--back":             "--back (ATLAS_BACK): the value is missing; want a duration such as 90s, 5m or 1h, at most 876000h",
		"elsewhere":          "unexpected argument elsewhere",
		"--backlog=3000000h": `--backlog (ATLAS_BACKLOG): expected duration but got "3000000h": time: invalid duration "3000000h"; want a duration such as 90s, 5m or 1h, at most 876000h`,
		"--max-clients=1e3":  `--max-clients (ATLAS_MAX_CLIENTS): expected a valid 64 bit int but got "1e3"; want a whole number, not below 0`,
		"--mode=three":       `--mode (ATLAS_MODE) must be one of "one","two" but got "three"`,
		"--max-clients -3":   `--max-clients (ATLAS_MAX_CLIENTS): expected int value but got "-3"; want a whole number, not below 0`,
		"--backlog -5m":      `--backlog (ATLAS_BACKLOG): expected duration value but got "-5m"; want a duration such as 90s, 5m or 1h, at most 876000h`,
		"--pace -1":          `--pace (ATLAS_PACE): expected float value but got "-1"; want a number above 0`,
		"--seed=0":           "",
		"--past=0s":          "",
		"--past=-1s":         "--past (ATLAS_PAST): got -1s, want 0 or more",
		"--queue-bytes=0":    "--queue-bytes (ATLAS_QUEUE_BYTES): got 0, want more than 0",
	} {
		_, err := parseCommandLine(newParser(t, &commandLine{}), strings.Fields(argument))
		if want == "" && err == nil {
			continue
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", argument, err, want)
		}
	}
}

func TestFaultsFromTheEnvironmentNameFlagAndVariable(t *testing.T) {
	t.Setenv("ATLAS_MODE", "three")
	_, err := parseCommandLine(newParser(t, &commandLine{}), nil)
	expectLines(t, err, `--mode (ATLAS_MODE) must be one of "one","two" but got "three"`)
	t.Setenv("ATLAS_MODE", "two")
	t.Setenv("ATLAS_BACKLOG", "x")
	_, err = parseCommandLine(newParser(t, &commandLine{}), nil)
	expectLines(t, err, `--backlog (ATLAS_BACKLOG): expected duration but got "x": time: invalid duration "x" (from envar ATLAS_BACKLOG="x"); want a duration such as 90s, 5m or 1h, at most 876000h`)
}

// Tools that start programs often cannot omit a variable: an empty one leaves the default, whatever the type of the setting.
func TestEmptyVariablesAreNotSet(t *testing.T) {
	for _, variable := range []string{"MAX_CLIENTS", "BACKLOG", "BACK", "SEED", "PACE", "MODE", "NAMES", "REPLICATION"} {
		t.Setenv("ATLAS_"+variable, "")
	}
	var got commandLine
	if _, err := parseCommandLine(newParser(t, &got), nil); err != nil {
		t.Fatal(err)
	}
	if want := defaults(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	t.Setenv("ATLAS_BAKCLOG", "")
	_, err := parseCommandLine(newParser(t, &commandLine{}), nil)
	expectLines(t, err, "ATLAS_BAKCLOG in the environment: no such setting, the nearest is ATLAS_BACKLOG; variables that begin with ATLAS_ are settings")
}

// Faults are found at any depth of an error, beside others.
func TestFaultsOfAConfigurationNameFlagAndVariable(t *testing.T) {
	command, err := parseCommandLine(newParser(t, &commandLine{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	fault := errors.New("got 7, want 8")
	err = fmt.Errorf("settings: %w", errors.Join(Setting("max-clients", fault), fmt.Errorf("file: %w", Setting("backlog", errors.New("backlog: got 1"))), Setting("other", fault)))
	explained := explain(err, flagsOf(command))
	expectLines(t, explained, "settings: --max-clients (ATLAS_MAX_CLIENTS): got 7, want 8", "file: --backlog (ATLAS_BACKLOG): got 1", "other: got 7, want 8")
	if !errors.Is(explained, fault) {
		t.Error("the fault itself is lost")
	}
	if explain(nil, nil) != nil || Setting("x", nil) != nil {
		t.Error("no fault is a fault")
	}
}

func TestUnknownVariablesAreRefused(t *testing.T) {
	node := newParser(t, &commandLine{}).Model.Node
	expectLines(t, checkVariables([]string{"ATLAS_HISTORY=off", "ATLAS_KAFKA_LIBS=/x", "ATLAS_SEED=1", "ATLASES=1", "HOME=/"}, node))
	expectLines(t, checkVariables([]string{"ATLAS_HISTROY=off", "ATLAS_LISTN=:1", "ATLAS_UNRELATED=1"}, node),
		"ATLAS_HISTROY in the environment: no such setting, the nearest is ATLAS_HISTORY; variables that begin with ATLAS_ are settings",
		"ATLAS_LISTN in the environment: no such setting, the nearest is ATLAS_LISTEN; variables that begin with ATLAS_ are settings",
		"ATLAS_UNRELATED in the environment: no such setting; variables that begin with ATLAS_ are settings")
}

func FuzzAddresses(f *testing.F) {
	f.Add(":8080", "127.0.0.1:0")
	f.Add("[::]:http", "8080")
	f.Fuzz(func(_ *testing.T, listen, admin string) {
		_ = CheckAddresses(Address{"listen", listen}, Address{"admin", admin})
	})
}
