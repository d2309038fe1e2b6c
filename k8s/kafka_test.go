package k8s

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var kafkaRules = []rule{
	{
		"Kafka is reached by TLS, with a user and a password, or a token, except in a trial", protectionFaults,
		change{production, "ConfigMap", "atlas-stream", `{op: remove, path: /data/ATLAS_KAFKA_TLS}`},
	},
	{
		"users have the rights that README.md lists", rightFaults,
		change{"components/strimzi", "KafkaUser", "atlas-gateway", `{op: add, path: /spec/authorization/acls/0/operations/-, value: Write}`},
	},
	{
		"programs are the users whose passwords they have", userFaults,
		change{"components/strimzi", "KafkaUser", "atlas-gateway", `{op: replace, path: /metadata/name, value: gateway}`},
	},
}

// isTrial tells the builds without protection; the base is for no cluster.
func (m *manifests) isTrial() bool { return slices.Contains([]string{"base", "overlays/dev"}, m.build) }

func protectionFaults(_ *testing.T, in manifests) (faults []string) {
	if in.isTrial() {
		return nil
	}
	for _, workload := range in.own() {
		settings := map[string]string{}
		for _, from := range workload.template.Spec.Containers[0].EnvFrom {
			maps.Copy(settings, in.settings[from.ConfigMapRef.Name])
		}
		if settings["ATLAS_KAFKA_TLS"] != "true" || settings["ATLAS_KAFKA_SASL"] == "" {
			faultf(&faults, "%s has TLS %q and SASL %q", workload.name, settings["ATLAS_KAFKA_TLS"], settings["ATLAS_KAFKA_SASL"])
		}
	}
	return faults
}

func rightFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	documented := documentedRights(t)
	for _, user := range in.users(t) {
		row := "gateway"
		if user.Metadata.Name == "atlas-collector" {
			row = "collector with `--create-topics=false`"
		}
		want := documented[row]
		if len(user.Spec.Authorization.ACLs) != 1 || len(want) == 0 {
			faultf(&faults, "%s has %d lists of rights", user.Metadata.Name, len(user.Spec.Authorization.ACLs))
			continue
		}
		got, on := user.Spec.Authorization.ACLs[0].Operations, user.Spec.Authorization.ACLs[0].Resource
		if !slices.Equal(sorted(got), sorted(want)) || on.Name != "atlas." || on.PatternType != "prefix" || on.Type != "topic" {
			faultf(&faults, "%s may %v on %+v, want %v", user.Metadata.Name, got, on, want)
		}
	}
	return faults
}

var (
	allowedUser      = regexp.MustCompile(`(?m)^kafka-acls\.sh .*--allow-principal User:atlas-(\S+) .*$`)
	allowedOperation = regexp.MustCompile(`--operation (\S+)`)
)

// The commands of README.md give users the rights that the project's README lists.
func TestCommandsGiveTheRightsThatAreListed(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := documentedRights(t)
	commands := allowedUser.FindAllStringSubmatch(string(text), -1)
	if len(commands) != 2 {
		t.Errorf("got %d commands, want one for each user", len(commands))
	}
	for _, command := range commands {
		var got []string
		for _, operation := range allowedOperation.FindAllStringSubmatch(command[0], -1) {
			got = append(got, operation[1])
		}
		if !slices.Equal(sorted(got), sorted(documented[command[1]])) || !strings.Contains(command[0], "--topic atlas. --resource-pattern-type prefixed ") {
			t.Errorf("%s: want the rights %v", command[0], documented[command[1]])
		}
	}
}

// documentedRights are those of the table in the project's README, by its first column.
func documentedRights(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rights, names := map[string][]string{}, []string(nil)
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		switch {
		case strings.HasPrefix(line, "| | Read | Write |"):
			names = cells
		case names == nil || strings.HasPrefix(line, "|---"):
		case len(cells) != len(names):
			return rights
		default:
			for i := 2; i < len(cells)-1; i++ {
				if strings.TrimSpace(cells[i]) != "" {
					row := strings.TrimSpace(cells[1])
					rights[row] = append(rights[row], strings.TrimSpace(names[i]))
				}
			}
		}
	}
	return rights
}

// users are those that Strimzi is to make.
func (m *manifests) users(t *testing.T) (all []strimziUser) {
	t.Helper()
	for _, object := range m.ofKind("KafkaUser") {
		var user strimziUser
		reparse(t, object, &user)
		all = append(all, user)
	}
	return all
}

// userFaults compares names only where Strimzi makes the Secrets, which it names after the users.
func userFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	users := in.users(t)
	for _, workload := range in.own() {
		for _, from := range workload.template.Spec.Containers[0].EnvFrom {
			name, has := in.settings[from.ConfigMapRef.Name]["ATLAS_KAFKA_USER"]
			if !has || len(users) == 0 {
				continue
			}
			isThere := slices.ContainsFunc(users, func(user strimziUser) bool { return user.Metadata.Name == name })
			if !isThere || !slices.Contains(workload.secrets(), secretKey{name, "password"}) {
				faultf(&faults, "%s is the user %s, and there is none, or it has another one's password", workload.name, name)
			}
		}
	}
	return faults
}
