package k8s

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// load parses docker-compose.yml, and refuses what is not in the Compose Specification.
func load(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../docker-compose.yml"})
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestComposeServicesRunProgramsThatKnowTheirArguments(t *testing.T) {
	for name, service := range load(t).Services {
		if !strings.HasPrefix(service.Image, imagePrefix) {
			continue
		}
		if imagePrefix+service.Build.Target != service.Image {
			t.Errorf("%s: image %s is built by target %s", name, service.Image, service.Build.Target)
		}
		help(t, service.Image, service.Command)
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
	for name, service := range load(t).Services {
		if !strings.HasPrefix(service.Image, imagePrefix) {
			continue
		}
		for _, port := range service.Ports {
			if listening := listensOn(t, service.Command); !slices.Contains(listening, int(port.Target)) {
				t.Errorf("%s publishes port %d and listens on %v", name, port.Target, listening)
			}
		}
	}
}

func TestComposeServicesReachKafkaWhereItListens(t *testing.T) {
	project := load(t)
	advertised := *project.Services["kafka"].Environment["KAFKA_ADVERTISED_LISTENERS"]
	for name, service := range project.Services {
		if !strings.HasPrefix(service.Image, imagePrefix) {
			continue
		}
		at := slices.IndexFunc(service.Command, func(argument string) bool { return strings.HasPrefix(argument, "--kafka=") })
		if at < 0 {
			t.Errorf("%s is not told where Kafka is", name)
			continue
		}
		if broker := strings.TrimPrefix(service.Command[at], "--kafka="); !strings.Contains(advertised, "://"+broker) {
			t.Errorf("%s looks for Kafka at %s, which advertises %s", name, broker, advertised)
		}
	}
}
