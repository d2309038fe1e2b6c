package k8s

import (
	"context"
	"fmt"
	"maps"
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

// isOwn tells whether an image is one of this project, wherever it was pushed.
func isOwn(image string) bool { return strings.Contains(image, imagePrefix) }

// programOf is the program that an image has.
func programOf(image string) string {
	_, name, _ := strings.Cut(image, imagePrefix)
	name, _, _ = strings.Cut(name, ":")
	return name
}

// help runs the program of an image with the arguments and --help, so that it only checks the arguments.
func help(t *testing.T, image string, arguments []string) string {
	t.Helper()
	text, err := tryHelp(t, image, arguments)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func tryHelp(t *testing.T, image string, arguments []string) (string, error) {
	t.Helper()
	program := exec.CommandContext(t.Context(), filepath.Join(programs, programOf(image)), append(slices.Clone(arguments), "--help")...)
	output, err := program.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%v: %w\n%s", program, err, output)
	}
	return string(output), nil
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

var programRules = []rule{
	{
		"programs know their arguments", argumentFaults,
		change{"base", "Deployment", "gateway", `{op: add, path: /spec/template/spec/containers/0/args/-, value: --sticky}`},
	},
	{
		"settings are those of a program that has them", settingFaults,
		change{production, "ConfigMap", "gateway", `{op: add, path: /data/ATLAS_REPLICATION, value: "3"}`},
	},
	{
		"programs accept the values of their settings", valueFaults,
		change{production, "Deployment", "gateway", `{op: add, path: /spec/template/spec/containers/0/args/-, value: --history=token}`},
	},
	{
		"ports are those that programs listen on", portFaults,
		change{"base", "Deployment", "gateway", `{op: replace, path: /spec/template/spec/containers/0/ports/0/containerPort, value: 80}`},
	},
	{
		"programs have the time to stop", graceFaults,
		change{"base", "Deployment", "gateway", `{op: replace, path: /spec/template/spec/terminationGracePeriodSeconds, value: 30}`},
	},
	{
		"images have a tag, and are pulled only if they are not there", imageFaults,
		change{"base", "Deployment", "gateway", `{op: replace, path: /spec/template/spec/containers/0/imagePullPolicy, value: Always}`},
	},
}

// own are the workloads that run a program of this project.
func (m *manifests) own() []workload {
	return slices.DeleteFunc(slices.Clone(m.workloads), func(workload workload) bool { return !isOwn(workload.template.Spec.Containers[0].Image) })
}

func argumentFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	for _, workload := range in.own() {
		container := workload.template.Spec.Containers[0]
		if _, err := tryHelp(t, container.Image, container.Args); err != nil {
			faultf(&faults, "%s: %v", workload.name, err)
		}
	}
	return faults
}

// settingFaults wants each variable to be a setting of all programs that get it and, where it is in settings that not all use, of one of them.
func settingFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	known := map[string]bool{} // by the variable of a ConfigMap, whether one of the workloads that get it has the setting
	for _, workload := range in.own() {
		container := workload.template.Spec.Containers[0]
		text := help(t, container.Image, container.Args)
		for _, from := range container.EnvFrom {
			for variable := range in.settings[from.ConfigMapRef.Name] {
				name := from.ConfigMapRef.Name + ": " + variable
				known[name] = known[name] || strings.Contains(text, "$"+variable)
			}
		}
		for _, variable := range container.Env {
			known[workload.name+": "+variable.Name] = strings.Contains(text, "$"+variable.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !known[name] {
			faultf(&faults, "%s is a setting of no program that gets it", name)
		}
	}
	return faults
}

func portFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	for _, workload := range in.own() {
		container := workload.template.Spec.Containers[0]
		if got, want := portNumbers(container), listensOn(t, container.Args); !slices.Equal(got, want) {
			faultf(&faults, "%s has ports %v and listens on %v", workload.name, got, want)
		}
	}
	return faults
}

func portNumbers(container corev1.Container) []int {
	var numbers []int
	for _, port := range container.Ports {
		numbers = append(numbers, int(port.ContainerPort))
	}
	return numbers
}
