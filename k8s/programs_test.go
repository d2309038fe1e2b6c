package k8s

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

const imagePrefix = "atlas-stream/"

// programs is the folder that the programs were built into, each by the name of its service.
var programs string

func TestMain(m *testing.M) {
	os.Exit(withPrograms(m.Run))
}

func withPrograms(run func() int) int {
	folder, err := os.MkdirTemp("", "programs")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	programs = folder
	build := exec.CommandContext(context.Background(), "go", "build", "-o", folder,
		"../services/gateway/cmd/gateway", "../services/collector/cmd/collector", "../pkg/eventlog/devkeys")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Printf("%v: %v\n%s", build, err, output)
		return 1
	}
	return run()
}

// programOf is the program that an image has.
func programOf(image string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(image, imagePrefix), ":")
	return name
}

// help runs the program of an image with the arguments and --help, so that it only checks the arguments.
func help(t *testing.T, image string, arguments []string) string {
	t.Helper()
	program := exec.CommandContext(t.Context(), filepath.Join(programs, programOf(image)), append(slices.Clone(arguments), "--help")...)
	output, err := program.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", program, err, output)
	}
	return string(output)
}

// listensOn returns the ports that the arguments tell a program to listen on.
func listensOn(t *testing.T, arguments []string) []int {
	t.Helper()
	var ports []int
	for _, argument := range arguments {
		flag, value, _ := strings.Cut(argument, "=")
		if !slices.Contains([]string{"--listen", "--grpc", "--admin", "--peer-listen"}, flag) {
			continue
		}
		port, err := strconv.Atoi(strings.TrimPrefix(value, ":"))
		if err != nil {
			t.Fatalf("%s: want :PORT: %v", argument, err)
		}
		ports = append(ports, port)
	}
	return ports
}

func TestProgramsKnowTheirArgumentsAndSettings(t *testing.T) {
	for _, folder := range rendered {
		all := render(t, folder)
		for _, workload := range all.workloads {
			container := workload.template.Spec.Containers[0]
			if !strings.HasPrefix(container.Image, imagePrefix) {
				continue
			}
			text := help(t, container.Image, container.Args)
			for variable := range all.settings[container.EnvFrom[0].ConfigMapRef.Name] {
				if !strings.Contains(text, "$"+variable) {
					t.Errorf("%s: %s has no setting %s", folder, workload.name, variable)
				}
			}
		}
	}
}

func TestContainerPortsAreThoseOfTheArguments(t *testing.T) {
	for _, folder := range rendered {
		for _, workload := range render(t, folder).workloads {
			container := workload.template.Spec.Containers[0]
			if !strings.HasPrefix(container.Image, imagePrefix) {
				continue
			}
			if got, want := portNumbers(container), listensOn(t, container.Args); !slices.Equal(got, want) {
				t.Errorf("%s: %s has ports %v and listens on %v", folder, workload.name, got, want)
			}
		}
	}
}

func portNumbers(container corev1.Container) []int {
	var numbers []int
	for _, port := range container.Ports {
		numbers = append(numbers, int(port.ContainerPort))
	}
	return numbers
}
