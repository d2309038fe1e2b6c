package k8s

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// spareGrace is how much longer than its settings say a program may take to stop before it is killed.
const spareGrace = 10 * time.Second

var drainTimes = regexp.MustCompile(`(?s)--(?:drain-delay|drain|stop-timeout)=(\S+)\s`)

// stoppingTime is how long a program with these arguments may take to stop, by its help.
func stoppingTime(t *testing.T, image string, arguments []string) (total time.Duration) {
	t.Helper()
	found := drainTimes.FindAllStringSubmatch(help(t, image, arguments), -1)
	if len(found) < 2 {
		t.Fatalf("%s: the help has %d of the settings that say how long it takes to stop", image, len(found))
	}
	for _, setting := range found {
		time, err := time.ParseDuration(setting[1])
		if err != nil {
			t.Fatalf("%s: %v", image, err)
		}
		total += time
	}
	return total
}

// graceFaults: a program that is killed while its clients leave one by one has the rest of them come back at once.
func graceFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	for _, workload := range in.servers() {
		container := workload.template.Spec.Containers[0]
		want := stoppingTime(t, container.Image, container.Args) + spareGrace
		if grace := workload.template.Spec.TerminationGracePeriodSeconds; grace == nil || time.Duration(*grace)*time.Second != want {
			faultf(&faults, "%s has a grace period other than %s", workload.name, want)
		}
		if container.Lifecycle != nil {
			faultf(&faults, "%s has hooks, though it waits for load balancers by itself", workload.name)
		}
	}
	return faults
}

func TestComposeGivesProgramsTheTimeToStop(t *testing.T) {
	for name, service := range composeServices(t) {
		if !isOwn(service.Image) || !serves(service.Command) {
			continue
		}
		want := stoppingTime(t, service.Image, service.Command) + spareGrace
		if grace := service.StopGracePeriod; grace == nil || time.Duration(*grace) != want {
			t.Errorf("%s has a grace period other than %s", name, want)
		}
	}
}

// serves reports whether a program has clients, unlike one that simulates or makes keys.
func serves(arguments []string) bool {
	return slices.ContainsFunc(arguments, func(argument string) bool { return strings.HasPrefix(argument, "--listen=") })
}
