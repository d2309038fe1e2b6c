package k8s

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// profiles are those of docker-compose.yml. The first one is the default, by the file .env.
var profiles = []string{"one", "three"}

// load parses docker-compose.yml and .env as Compose v2 does, with a profile, and refuses what is not in the Compose Specification.
func load(t *testing.T, profile ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../docker-compose.yml"}, cli.WithEnvFiles(), cli.WithDotEnv, cli.WithDefaultProfiles(profile...))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// composeServices are the services of all profiles.
func composeServices(t *testing.T) types.Services {
	t.Helper()
	all := types.Services{}
	for _, profile := range profiles {
		maps.Copy(all, load(t, profile).Services)
	}
	return all
}

// ownServices are those with an image of this repository.
func ownServices(services types.Services) types.Services {
	own := maps.Clone(services)
	maps.DeleteFunc(own, func(_ string, service types.ServiceConfig) bool {
		return !isOwn(service.Image)
	})
	return own
}

// clientsOfKafka are the services that are told where Kafka is, by the variable that tells them.
func clientsOfKafka(services types.Services) map[string][]string {
	clients := map[string][]string{}
	for name, service := range ownServices(services) {
		if brokers := service.Environment["ATLAS_KAFKA"]; brokers != nil {
			clients[name] = strings.Split(*brokers, ",")
		}
	}
	return clients
}

func TestComposeUsesTheFirstProfileUnlessToldOtherwise(t *testing.T) {
	usual, first, last := load(t).ServiceNames(), load(t, profiles[0]).ServiceNames(), load(t, profiles[1]).ServiceNames()
	if !slices.Equal(usual, first) || slices.Equal(usual, last) {
		t.Errorf("by default the services are %v, with the first profile %v, with the other one %v", usual, first, last)
	}
}

func TestComposeServicesRunProgramsThatKnowTheirArguments(t *testing.T) {
	for name, service := range ownServices(composeServices(t)) {
		if imagePrefix+service.Build.Target != imagePrefix+programOf(service.Image) {
			t.Errorf("%s: image %s is built by target %s", name, service.Image, service.Build.Target)
		}
		if service.Build.Target == "devkeys" {
			continue
		}
		text := help(t, service.Image, service.Command)
		for variable := range service.Environment {
			if !strings.Contains(text, "$"+variable) {
				t.Errorf("%s has no setting %s", name, variable)
			}
		}
	}
}

// Compose 1.29, which Debian has, refuses a file with a name.
func TestComposeFileIsForOldComposeToo(t *testing.T) {
	text, err := os.ReadFile("../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	if regexp.MustCompile("(?m)^name:").Match(text) {
		t.Error("the file has a name")
	}
}

func TestComposePublishesPortsThatProgramsListenOn(t *testing.T) {
	for name, service := range ownServices(composeServices(t)) {
		for _, port := range service.Ports {
			if listening := listensOn(t, service.Command); !slices.Contains(listening, int(port.Target)) {
				t.Errorf("%s publishes port %d and listens on %v", name, port.Target, listening)
			}
		}
	}
}

// There is one address for everybody; what asks nobody who he is can be reached from this machine only.
func TestComposePublishesTheBalancerOnly(t *testing.T) {
	for name, service := range composeServices(t) {
		for _, port := range service.Ports {
			if name != "balancer" && port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes port %d at the address %q", name, port.Target, port.HostIP)
			}
		}
	}
}

func TestComposeServicesReachKafkaWhereItListens(t *testing.T) {
	for _, profile := range profiles {
		services := load(t, profile).Services
		clients := clientsOfKafka(services)
		if len(clients) != 3 {
			t.Errorf("profile %s: %v are told where Kafka is, want a collector, a gateway and a simulated network", profile, slices.Collect(maps.Keys(clients)))
		}
		for name, brokers := range clients {
			for _, broker := range brokers {
				host, _, _ := strings.Cut(broker, ":")
				if advertised := *services[host].Environment["KAFKA_ADVERTISED_LISTENERS"]; !strings.Contains(advertised, "SERVICES://"+broker) {
					t.Errorf("%s looks for Kafka at %s, which advertises %s", name, broker, advertised)
				}
			}
		}
	}
}

// Memory is bounded, and what serves has a check that its program, or the image, can do.
func TestComposeServicesHaveLimitsAndHealthChecks(t *testing.T) {
	for name, service := range composeServices(t) {
		if service.MemLimit <= 0 {
			t.Errorf("%s has no limit of memory", name)
		}
		check := service.HealthCheck
		switch {
		case service.Build == nil && (check == nil || check.Disable):
			t.Errorf("%s has no health check", name)
		case service.Build == nil || !serves(service.Command):
		case check == nil || check.Disable || check.Test[1] != "/"+programOf(service.Image):
			t.Errorf("%s has the health check %+v", name, check)
		default:
			help(t, service.Image, check.Test[2:])
		}
	}
}

// Gateways find each other by the name by which the balancer finds them, and believe it, and only it, where a client is.
func TestComposeBalancerAndGatewaysKnowEachOther(t *testing.T) {
	text, err := os.ReadFile("../services/balancer/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`set \$gateways (\S+):(\d+);`).FindSubmatch(text)
	if found == nil {
		t.Fatal("the balancer has no gateways")
	}
	for _, affinity := range []string{"ip_hash", "sticky", "hash "} {
		if strings.Contains(string(text), affinity) {
			t.Errorf("the balancer has %q", affinity)
		}
	}
	for _, profile := range profiles {
		gateways := 0
		for _, service := range ownServices(load(t, profile).Services) {
			if programOf(service.Image) == "gateway" {
				gateways += service.GetScale()
				expectPeers(t, service, string(found[1]), string(found[2]))
			}
		}
		if gateways != 2 {
			t.Errorf("profile %s has %d gateways", profile, gateways)
		}
	}
}

// A request of a session is sent to one gateway only, with a slash at the end of its path or without. A location that ends with a slash would have nginx
// redirect what comes without one.
func TestComposeBalancerRepeatsNoRequestOfASession(t *testing.T) {
	text, err := os.ReadFile("../services/balancer/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	locations := map[string]string{} // what is in each, by its path
	for _, found := range regexp.MustCompile(`location (/\S*) \{([^}]*)\}`).FindAllStringSubmatch(string(text), -1) {
		locations[found[1]] = found[2]
	}
	for _, path := range []string{"/stream/socket.io/", "/stream/socket.io"} {
		longest := ""
		for location := range locations {
			if strings.HasPrefix(path, location) && len(location) > len(longest) {
				longest = location
			}
		}
		_, isRedirected := locations[path+"/"]
		if isRedirected || !strings.Contains(locations[longest], "proxy_next_upstream off;") {
			t.Errorf("%s is redirected: %t; its location is %q, with %s", path, isRedirected, longest, locations[longest])
		}
	}
}

// On whatever machine it runs, the balancer has memory and descriptors for its connections, and takes the cursors that a gateway takes.
func TestComposeBalancerHasRoomForItsConnections(t *testing.T) {
	text, err := os.ReadFile("../services/balancer/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	number := func(setting string) int {
		found := regexp.MustCompile(setting + ` (\d+)`).FindSubmatch(text)
		if found == nil {
			return 0
		}
		value, _ := strconv.Atoi(string(found[1])) // 0, which fails, for too many digits
		return value
	}
	const (
		bytesEach = 500  // that a process takes for each connection that it may have, before there is one
		cursor    = 8192 // bytes of the longest
	)
	processes, connections := number("worker_processes"), number("worker_connections")
	if taken, limit := processes*connections*bytesEach, int(composeServices(t)["balancer"].MemLimit); processes == 0 || taken > limit/4 {
		t.Errorf("%d processes with %d connections each take %d bytes in advance, of %d", processes, connections, taken, limit)
	}
	if files := number("worker_rlimit_nofile"); files <= connections {
		t.Errorf("a process may have %d descriptors for %d connections and files", files, connections)
	}
	if longest := number(`large_client_header_buffers \d+`) << 10; longest <= cursor {
		t.Errorf("a line of a header may have %d bytes, and a cursor has up to %d", longest, cursor)
	}
}

// expectPeers wants a gateway to have the name and the port that the balancer knows, to look for its peers by that name, and to trust the balancer.
func expectPeers(t *testing.T, gateway types.ServiceConfig, name, port string) {
	t.Helper()
	if aliases := gateway.Networks["default"].Aliases; !slices.Contains(aliases, name) {
		t.Errorf("%s has the names %v, want %s", gateway.Name, aliases, name)
	}
	for _, want := range []string{"--listen=:" + port, "--peers=dns:" + name + ":8090", "--peer-listen=:8090"} {
		if !slices.Contains(gateway.Command, want) {
			t.Errorf("%s has no %s", gateway.Name, want)
		}
	}
	if !slices.ContainsFunc(gateway.Command, func(argument string) bool { return strings.HasPrefix(argument, "--trusted-proxies=") }) {
		t.Errorf("%s trusts no proxy: all clients would be one address", gateway.Name)
	}
}

// With three brokers, everything to Kafka is encrypted, and everybody says who he is.
func TestComposeWithThreeBrokersProtectsKafka(t *testing.T) {
	services := load(t, "three").Services
	for name := range clientsOfKafka(services) {
		user := programOf(services[name].Image)
		for variable, want := range map[string]string{
			"ATLAS_KAFKA_TLS": "true", "ATLAS_KAFKA_CA": "/keys/" + user + "/ca.pem",
			"ATLAS_KAFKA_SASL": "scram-sha-512", "ATLAS_KAFKA_USER": user, "ATLAS_KAFKA_PASSWORD_FILE": "/keys/" + user + "/password",
		} {
			if value := services[name].Environment[variable]; value == nil || *value != want {
				t.Errorf("%s has no %s=%s", name, variable, want)
			}
		}
	}
	brokers := 0
	for name, service := range services {
		protocols := service.Environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"]
		if protocols == nil {
			continue
		}
		brokers++
		if strings.Contains(*protocols, "PLAINTEXT") || !strings.Contains(*protocols, "SERVICES:SASL_SSL") || len(service.Ports) > 0 {
			t.Errorf("%s has the listeners %s and the ports %v", name, *protocols, service.Ports)
		}
	}
	if brokers != 3 {
		t.Errorf("there are %d brokers", brokers)
	}
}

// Secrets are made when the services start: the file has none.
func TestComposeHasNoSecrets(t *testing.T) {
	for _, profile := range profiles {
		text, err := load(t, profile).MarshalYAML()
		if err != nil {
			t.Fatal(err)
		}
		for name, service := range parsed(t, text)["services"].(map[string]any) {
			for _, what := range secretsIn(service.(map[string]any)) {
				t.Errorf("%s has a secret in %s", name, what)
			}
		}
	}
}
