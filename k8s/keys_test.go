package k8s

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
)

// keysFolder is where the services of docker-compose.yml have keys.
const keysFolder = "/keys/"

// A service of docker-compose.yml has just those keys that its settings name: that of the brokers, whose certificate makes a super user, is in no program.
// Services of devkeys are not looked at: they make the keys, and tell Kafka of its users.
func TestComposeServicesHaveTheKeysThatTheyName(t *testing.T) {
	made := madeKeys(t)
	for _, profile := range profiles {
		for name, service := range load(t, profile).Services {
			if isOwn(service.Image) && programOf(service.Image) == "devkeys" {
				continue
			}
			var has []string
			for _, file := range made {
				if slices.ContainsFunc(service.Volumes, func(volume types.ServiceVolumeConfig) bool { return strings.HasPrefix(file, volume.Target+"/") }) {
					has = append(has, file)
				}
			}
			if named := namedKeys(service); !slices.Equal(has, named) {
				t.Errorf("profile %s: %s has the keys %q, and names %q", profile, name, has, named)
			}
		}
	}
}

// A volume of keys is the folder of its name, and only the service that makes keys may write there.
func TestComposeVolumesOfKeysAreFolders(t *testing.T) {
	for name, service := range composeServices(t) {
		for _, volume := range service.Volumes {
			folder, is := strings.CutPrefix(volume.Source, "keys-")
			if is != strings.HasPrefix(volume.Target, keysFolder) || is && (volume.Target != keysFolder+folder || volume.ReadOnly == (name == "keys")) {
				t.Errorf("%s has %s at %s, read-only: %t", name, volume.Source, volume.Target, volume.ReadOnly)
			}
		}
	}
}

// madeKeys are the files that devkeys makes.
func madeKeys(t *testing.T) (files []string) {
	t.Helper()
	folder := t.TempDir()
	if output, err := exec.CommandContext(t.Context(), filepath.Join(programs, "devkeys"), folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	found, err := filepath.Glob(folder + "/*/*")
	if err != nil || len(found) == 0 {
		t.Fatalf("devkeys made no files: %v", err)
	}
	for _, file := range found {
		files = append(files, keysFolder+strings.TrimPrefix(file, folder+string(os.PathSeparator)))
	}
	slices.Sort(files)
	return files
}

// namedKeys are the files of keys that the settings of a service name.
func namedKeys(service types.ServiceConfig) (files []string) {
	for _, argument := range service.Command {
		if _, value, _ := strings.Cut(argument, "="); strings.HasPrefix(value, keysFolder) {
			files = append(files, value)
		}
	}
	for _, value := range service.Environment {
		if value != nil && strings.HasPrefix(*value, keysFolder) {
			files = append(files, *value)
		}
	}
	slices.Sort(files)
	return files
}
