package service_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"atlasstream/pkg/service"
)

// The tests of Main run this test binary once more as a program, to see real signals and exit statuses.
const asProgram = "SERVICE_TEST_AS_PROGRAM"

type program struct {
	Serve serveCommand `cmd:"" help:"Serve until told to stop."`
	Fail  failCommand  `cmd:"" help:"Fail."`

	Misconfigure misconfigureCommand `cmd:"" help:"Fail by a setting."`
}

type serveCommand struct {
	service.Logging
	Kafka    []string `help:"Kafka brokers."`
	Stubborn bool     `help:"Do not end by the first signal."`
	Most     int      `help:"Most clients." otherwise:"two for each broker"`
	Admin    string   `help:"The admin port." default:"127.0.0.1:1"`
}

func (c *serveCommand) Run(ctx context.Context) error {
	logger, err := c.Logger("program")
	if err != nil {
		return err
	}
	listener, err := service.Listen("127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	fmt.Println("kafka", strings.Join(c.Kafka, " and "))
	service.LogListening(logger, "public", listener)
	err = service.ServeHTTP(ctx, &http.Server{}, listener, time.Second)
	fmt.Println("stopped, interrupted:", service.Interrupted(ctx))
	if c.Stubborn {
		select {}
	}
	return err
}

type failCommand struct{}

func (failCommand) Run() error { return errors.New("no broker answers") }

type misconfigureCommand struct {
	Rate int `help:"Any but 7."`
}

func (misconfigureCommand) Run() error {
	return service.Settings("program", service.Setting("rate", errors.New("got 7, want 8")))
}

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		service.Main("program", "A program.", &program{})
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func start(t *testing.T, environment string, arguments ...string) (*exec.Cmd, *bufio.Scanner, *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, os.Args[0], arguments...)
	command.Env = append(os.Environ(), asProgram+"=1", environment)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command, bufio.NewScanner(stdout), &stderr
}

func expectLine(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	if !lines.Scan() || lines.Text() != want {
		t.Fatalf("the program printed %q, want %q", lines.Text(), want)
	}
}

func TestSettingsComeFromTheEnvironmentAndASignalStops(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			command, lines, stderr := start(t, "ATLAS_KAFKA=one:9092,two:9092", "serve", "--log-format=json")
			expectLine(t, lines, "kafka one:9092 and two:9092")
			if err := command.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			expectLine(t, lines, fmt.Sprint("stopped, interrupted: ", signal == os.Interrupt))
			if err := command.Wait(); err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			if log := stderr.String(); !strings.Contains(log, `"msg":"listening","listener":"public","address":"127.0.0.1:`) {
				t.Errorf("the log does not tell the address:\n%s", log)
			}
			if log := stderr.String(); !strings.Contains(log, `"msg":"starting","version":"`) {
				t.Errorf("the log does not tell the version:\n%s", log)
			}
		})
	}
}

func TestTheCommandLineBeatsTheEnvironment(t *testing.T) {
	command, lines, _ := start(t, "ATLAS_KAFKA=one:9092", "serve", "--kafka=two:9092")
	expectLine(t, lines, "kafka two:9092")
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err == nil {
		t.Error("a killed program ended without an error")
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	command, lines, _ := start(t, "ATLAS_STUBBORN=true", "serve")
	expectLine(t, lines, "kafka ")
	for range 2 {
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		lines.Scan() // "stopped" after the first, the end of the output after the second
	}
	var exit *exec.ExitError
	if err := command.Wait(); !errors.As(err, &exit) {
		t.Fatalf("Wait: %v, want an exit error", err)
	}
	if status := exit.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGTERM {
		t.Errorf("ended by %v, want SIGTERM", exit)
	}
}

func TestErrorsArePrintedAndBecomeTheExitStatus(t *testing.T) {
	tests := []struct {
		name      string
		arguments []string
		status    int
		printed   string
	}{
		{"of the command", []string{"fail"}, 1, "program: error: no broker answers"},
		{"unknown flag", []string{"serve", "--kavka=x"}, 2, "unknown flag --kavka"},
		{"unknown level", []string{"serve", "--log-level=loud"}, 2, `--log-level (ATLAS_LOG_LEVEL) must be one of "debug","info","warn","error" but got "loud"`},
		{"no command", nil, 2, "expected one of"},
		{"no such command", []string{"fial"}, 2, `no such command: got "fial", want one of serve, fail, misconfigure`},
		{"a setting", []string{"misconfigure", "--rate=7"}, 2, "program: error: program settings: --rate (ATLAS_RATE): got 7, want 8"},
		{"unknown variable", []string{"fail"}, 2, "ATLAS_HISTROY in the environment: no such setting, the nearest is ATLAS_HISTORY"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			environment := ""
			if test.name == "unknown variable" {
				environment = "ATLAS_HISTROY=off"
			}
			command, lines, stderr := start(t, environment, test.arguments...)
			for lines.Scan() {
			}
			var exit *exec.ExitError
			if err := command.Wait(); !errors.As(err, &exit) || exit.ExitCode() != test.status {
				t.Errorf("Wait: %v, want exit status %d", err, test.status)
			}
			if !strings.Contains(stderr.String(), test.printed) {
				t.Errorf("printed %q, want %q in it", stderr, test.printed)
			}
		})
	}
}

func TestVersionIsTold(t *testing.T) {
	command, lines, _ := start(t, "", "--version")
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "program ") || !strings.Contains(lines.Text(), runtime.Version()) {
		t.Errorf("printed %q", lines.Text())
	}
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
}

func TestHelpTellsFlagsVariablesAndDefaults(t *testing.T) {
	command, lines, _ := start(t, "", "serve", "--help")
	var help strings.Builder
	for lines.Scan() {
		help.WriteString(strings.Join(strings.Fields(lines.Text()), " ") + " ")
	}
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--kafka=", "($ATLAS_KAFKA)", `--log-level="info"`, "(one of debug, info, warn, error; default info; $ATLAS_LOG_LEVEL)", `--log-format="auto"`, "(default two for each broker; $ATLAS_MOST)"} {
		if !strings.Contains(help.String(), want) {
			t.Errorf("--help does not tell %q:\n%s", want, &help)
		}
	}
}
