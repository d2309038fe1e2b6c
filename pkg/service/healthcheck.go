package service

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

const (
	healthCheckTimeout = 5 * time.Second // more than a readiness check takes
	maxHealthAnswer    = 4 << 10         // bytes
)

// healthChecks are commands of every program that has an admin port. Containers have them as their health checks, as images have neither a shell nor curl.
type healthChecks struct {
	Healthz healthzCommand `cmd:"" help:"Ask the admin port of a running program whether it is alive."`
	Readyz  readyzCommand  `cmd:"" help:"Ask the admin port of a running program whether it takes clients."`
}

type healthzCommand struct{ adminPort }

// Run fails unless the program is alive.
func (c *healthzCommand) Run(ctx context.Context) error { return c.ask(ctx, "/healthz") }

type readyzCommand struct{ adminPort }

// Run fails unless the program is ready.
func (c *readyzCommand) Run(ctx context.Context) error { return c.ask(ctx, "/readyz") }

type adminPort struct {
	Admin string `help:"Address of the admin port, as the program has it. Where that is every address of the machine, the loopback interface is asked." default:"${admin}"`
}

// newHealthChecks returns the parser of the health checks of a program, or nil if the arguments are something else.
func newHealthChecks(program *kong.Kong, arguments []string) *kong.Kong {
	usual := adminDefault(program.Model.Node)
	if len(arguments) == 0 || usual == "" || !slices.Contains([]string{"healthz", "readyz"}, arguments[0]) {
		return nil
	}
	const description = "Health checks of containers. The exit status is 0 or 1, and one line says why."
	return parserOf(program.Model.Name, description, &healthChecks{}, kong.Vars{"admin": usual})
}

// describeHealthChecks adds the health checks to the description of a program.
func describeHealthChecks(program *kong.Kong) {
	if adminDefault(program.Model.Node) != "" {
		const help = "\n\n%[1]s healthz and %[1]s readyz ask the admin port of a running %[1]s whether it is alive or ready, for health checks of containers."
		program.Model.Help += fmt.Sprintf(help, program.Model.Name)
	}
}

// adminDefault is the default of --admin, of whichever command has it.
func adminDefault(node *kong.Node) string {
	for _, flag := range node.Flags {
		if flag.Name == "admin" {
			return flag.Default
		}
	}
	for _, child := range node.Children {
		if found := adminDefault(child); found != "" {
			return found
		}
	}
	return ""
}

// ask prints the answer to a GET if it is 200, and otherwise returns it as an error, of one line.
func (p adminPort) ask(ctx context.Context, path string) error {
	address, err := reachable(p.Admin)
	if err != nil {
		return Settings("admin port", Setting("admin", err))
	}
	ctx, cancel := context.WithTimeout(ctx, healthCheckTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return Settings("admin port", Setting("admin", err))
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request) // no proxy
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxHealthAnswer))
	if err != nil {
		return fmt.Errorf("%s%s: %w", address, path, err)
	}
	text := strings.ReplaceAll(strings.TrimSpace(string(body)), "\n", "; ")
	//mutate:healthy-whatever-the-answer
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s%s: %d: %s", address, path, response.StatusCode, text)
	}
	fmt.Println(text)
	return nil
}

// reachable is where to reach what listens at an address, which may be every address of the machine.
func reachable(listening string) (string, error) {
	host, port, err := net.SplitHostPort(listening)
	if err != nil || port == "" {
		return "", fmt.Errorf("got %q, want HOST:PORT or :PORT", listening)
	}
	if address, err := netip.ParseAddr(host); host == "" || err == nil && address.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}
