package programs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"atlasstream/services/e2e/internal/await"
)

// commands are all commands of all programs.
var commands = []command{
	{"../../gateway/cmd/gateway", nil, nil},
	{"../../collector/cmd/collector", []string{"serve"}, nil},
	{"../../collector/cmd/collector", []string{"import"}, []string{os.DevNull}},
	{"../../collector/cmd/collector", []string{"simulate"}, nil},
	{"../../standalone", nil, []string{"--listen=:0", "--ingest=127.0.0.1:0", "--grpc=127.0.0.1:0", "--admin=:0", "--kafka-listen=127.0.0.1:0"}},
}

type command struct {
	folder string
	name   []string
	needs  []string // files, and addresses that are free on any machine
}

// besides are the arguments that the command needs in addition to one flag.
func (c command) besides(flag string) []string {
	return slices.DeleteFunc(slices.Clone(c.needs), func(need string) bool { return strings.HasPrefix(need, "--"+flag+"=") })
}

// buildPrograms builds all programs into a folder.
func buildPrograms(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", folder, "../../standalone", "../../gateway/cmd/gateway", "../../collector/cmd/collector")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, output)
	}
	return folder
}

// run returns what the command prints with some arguments and one variable.
func (c command) run(t *testing.T, programs, variable string, arguments ...string) (output string, err error) {
	t.Helper()
	return c.runWith(t, programs, []string{variable}, arguments...)
}

func (c command) runWith(t *testing.T, programs string, variables []string, arguments ...string) (output string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), await.Patience)
	defer cancel()
	path, err := filepath.Abs(c.folder)
	if err != nil {
		t.Fatal(err)
	}
	program := exec.CommandContext(ctx, filepath.Join(programs, filepath.Base(path)), slices.Concat(c.name, arguments)...)
	program.Env = append(os.Environ(), variables...)
	printed, err := program.CombinedOutput()
	return string(printed), err
}

// setting is what --help says about a variable.
type setting struct {
	command  command
	flag     string
	variable string
	meaning  string
	usual    string // its default
	line     string
}

var (
	// flagHead precedes the name of each flag where it is declared, not where the help of another one mentions it.
	flagHead = regexp.MustCompile(`(?m)^(?:      |  -\w, )--`)
	// flagHelp has the flag, its help, and notes, the last of which is the variable.
	flagHelp = regexp.MustCompile(`^(?:\[no-\])?([a-z-]+)\S* (.*) \((?:[^()]*; )?\$(ATLAS_[A-Z_]+)\)\.`)
	// flagDefault is the default in the notes.
	flagDefault = regexp.MustCompile(`default ([^;]*); \$ATLAS`)
)

// settings are the settings of a command as --help lists them.
func (c command) settings(t *testing.T, programs string) (all []setting) {
	t.Helper()
	output, err := c.run(t, programs, "ATLAS_LOG_LEVEL=info", "--help")
	if err != nil {
		t.Fatalf("%v: %v\n%s", c, err, output)
	}
	for _, flag := range flagHead.Split(output, -1)[1:] {
		line := strings.Join(strings.Fields(flag), " ")
		if match := flagHelp.FindStringSubmatch(line); match != nil {
			usual := strings.Join(flagDefault.FindStringSubmatch(line), "")
			all = append(all, setting{c, match[1], match[3], match[2], usual, c.folder + " " + strings.Join(c.name, " ") + ": --" + line})
		} else if !strings.HasPrefix(line, "help ") && !strings.HasPrefix(line, "version ") {
			t.Errorf("%v: a flag without a variable: --%s", c, line)
		}
	}
	return all
}

// ownDefaults are the variables whose default is each program's own: programs on one machine need different ports, have different numbers of clients,
// and a history is quick to simulate in one process.
var ownDefaults = []string{"ATLAS_ADMIN", "ATLAS_MAX_CONNECTIONS", "ATLAS_PAST"}

// An environment may be that of several programs: what a variable means to one of them it means to all, with the same default, and none takes another's for a
// mistake.
func TestVariablesMeanTheSameInAllPrograms(t *testing.T) {
	t.Parallel()
	programs := buildPrograms(t)
	all := make(map[string][]setting)
	for _, command := range commands {
		for _, setting := range command.settings(t, programs) {
			all[setting.variable] = append(all[setting.variable], setting)
		}
	}
	for _, settings := range all {
		for _, other := range settings[1:] {
			if other.meaning != settings[0].meaning {
				t.Errorf("a variable has two meanings:\n%s\n%s", settings[0].line, other.line)
			}
			if other.usual != settings[0].usual && !slices.Contains(ownDefaults, other.variable) {
				t.Errorf("a variable has two defaults:\n%s\n%s", settings[0].line, other.line)
			}
		}
	}
	text, err := os.ReadFile("../../../pkg/service/variables.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Fields(string(text))
	for variable := range all {
		if !slices.Contains(known, variable) {
			t.Errorf("%s is not in pkg/service/variables.txt, which has the variables of all programs", variable)
		}
	}
	for _, variable := range known {
		if ofTests := []string{"ATLAS_KAFKA_LIBS", "ATLAS_SEEDS"}; all[variable] == nil && !slices.Contains(ofTests, variable) {
			t.Errorf("%s is in pkg/service/variables.txt, and no program has it", variable)
		}
	}
}

// faulty are invalid values of settings; those that accept any value have an empty one. The others do not accept -1.
var faulty = map[string]string{
	"data": "/dev/null/log", "truth": "/dev/null/truth", "cursor-key": "short", "peer-key": "short", "simulate": "perhaps", "address-header": "X Real IP", "into": "a.b",
}

// An invalid value of a setting, whether of the flag or of the variable, is an error that names both.
func TestFaultsNameFlagAndVariable(t *testing.T) {
	t.Parallel()
	programs := buildPrograms(t)
	for _, command := range commands {
		for _, setting := range command.settings(t, programs) {
			value, special := faulty[setting.flag]
			if !special {
				value = "-1"
			}
			if value == "" {
				continue
			}
			want := fmt.Sprintf("--%s (%s)", setting.flag, setting.variable)
			for from, output := range map[string]func() (string, error){
				"flag": func() (string, error) {
					return command.run(t, programs, "ATLAS_PROBES=1", append(command.besides(setting.flag), "--"+setting.flag+"="+value)...)
				},
				"variable": func() (string, error) {
					return command.run(t, programs, setting.variable+"="+value, command.besides(setting.flag)...)
				},
			} {
				if printed, err := output(); err == nil || !strings.Contains(printed, want) {
					t.Errorf("%s by its %s: %v, want %s to be named in\n%s", setting.line, from, err, want, printed)
				}
			}
		}
	}
}

// An empty variable counts as not set: with all variables empty, a command reports only the fault of its arguments.
func TestEmptyVariablesOfAllSettingsAreNotSet(t *testing.T) {
	t.Parallel()
	programs := buildPrograms(t)
	for _, command := range commands {
		var empty, given []string
		for _, setting := range command.settings(t, programs) {
			empty = append(empty, setting.variable+"=")
			if value := faulty[setting.flag]; value != "" && given == nil {
				given = append(command.besides(setting.flag), "--"+setting.flag+"="+value)
			}
		}
		unset, _ := command.run(t, programs, "ATLAS_SEEDS=1", given...)
		output, _ := command.runWith(t, programs, empty, given...)
		_, want, faulty := strings.Cut(unset, "error: ")
		if _, got, _ := strings.Cut(output, "error: "); !faulty || got != want {
			t.Errorf("%v %v: with empty variables\n%s\nwithout them\n%s", command, given, output, unset)
		}
	}
}
